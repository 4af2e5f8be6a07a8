"""How near is the time that is said before a fit to the time that it takes?

Fits the whole method on synthetic shapes by a few small plans, each in a process of its own so that
it compiles everything but the kernels, and prints estimate and seconds stage by stage.

    python benchmarks/estimates.py [--only NAME ...] [--output DIR]

Writes `estimates.json`.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from topojax.config import make_config
from topojax.data import synthetic_dataset
from topojax.experiments.bench.machine import processor
from topojax.pipeline import fit_topocam, plan_fit
from topojax.pipeline.cost.running_time import measured_machine, time_need

RESULTS = Path(__file__).parent / "results"
# Axes, pixels along each, training images, and what the configuration changes.
PLANS: dict[str, tuple[int, int, int, dict[str, Any]]] = {
    "resnet18 28²": (2, 28, 200, {"backbone.epochs": 5, "search.generations": 10}),
    "resnet18 64²": (2, 64, 100, {"backbone.epochs": 3, "search.generations": 5}),
    "efficientnet_b0 32²": (2, 32, 100, {"backbone.name": "efficientnet_b0"}),
    "swin_v2_t 32²": (2, 32, 64, {"backbone.name": "swin_v2_t"}),
    "resnet18 28², Score-CAM": (2, 28, 64, {"cam.method": "scorecam"}),
    "r3d_18 24³": (3, 24, 64, {"backbone.epochs": 2}),
    "vit3d 32³": (3, 32, 48, {"backbone.name": "vit3d"}),
}
SHORT = {"backbone.epochs": 2, "search.generations": 3, "evaluation.n_bootstrap": 100}
# A stage of the estimate, as a fit names it.
STAGES = {"network": "backbone", "maps": "cam", "search": "search", "classifiers": "classifier"}


def compare(name: str) -> dict[str, Any]:
    """Return estimated and measured seconds of a plan's stages."""
    dims, size, n, changes = PLANS[name]
    data = synthetic_dataset(
        "shapes", seed=0, n_train=n, n_val=n // 2, n_test=2, size=size, spatial_dims=dims
    )
    config = make_config(overrides=SHORT | changes)
    plan = plan_fit(config, data.train, data.class_names, dims)
    machine = measured_machine()
    expected = asdict(time_need(plan, data.train, data.val, machine))
    seconds = fit_topocam(plan, data.train, data.val).seconds
    taken = {stage: seconds[own] for stage, own in STAGES.items()}
    return {"plan": name, "machine": asdict(machine), "expected": expected, "taken": taken}


def row(found: dict[str, Any]) -> str:
    """Return a comparison as a row of a table."""
    expected, taken = found["expected"], found["taken"]
    cells = [f"{taken[stage]:.1f} / {expected[stage]:.1f}" for stage in STAGES]
    fold = sum(taken.values()) / sum(expected.values())
    return f"| {found['plan']} | {' | '.join(cells)} | {fold:.2f} |"


def main(arguments: Sequence[str] | None = None) -> None:
    """Fit, compare, print and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="*", choices=PLANS, default=list(PLANS), metavar="NAME")
    parser.add_argument("--output", type=Path, default=RESULTS, help="folder of the results")
    options = parser.parse_args(arguments)
    print(f"| taken / expected s | {' | '.join(STAGES)} | whole, taken / expected |")
    print("|---" * (len(STAGES) + 2) + "|")
    rows = []
    # A process a plan: in one, the second would find compiled what the first one needed.
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        for name in options.only:
            rows.append(pool.apply(compare, (name,)))
            print(row(rows[-1]), flush=True)
    record = {
        "question": str(__doc__).splitlines()[0],
        "date": datetime.now(UTC).date().isoformat(),
        "device": processor(),
        "versions": {"topojax": version("topojax"), "jax": version("jax")},
        "rows": rows,
    }
    options.output.mkdir(parents=True, exist_ok=True)
    text = json.dumps(record, indent=2, ensure_ascii=False) + "\n"
    (options.output / "estimates.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
