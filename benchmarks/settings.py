"""Which filtrations and classifier should a fit have, at equal cost, by the validation split?

Fits the network once a seed and takes its maps; every variant then searches its own ROI rule and
trains its own classifiers on them. What is compared is the validation AUC of the ROI's topology, of
that of whole images, and the seconds that search and classifiers take beside the network's. No test
image is read.

    python benchmarks/settings.py DATA [--size N] [--weights W] [--seeds K] [--set KEY=VALUE ...]

Writes `settings_NAME.json` and `.md`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from banks import BANKS

from command_lines.fits import fits_command, fits_options, fits_parser
from topojax.config import Config, make_config, parse_overrides
from topojax.data import Dataset, read_medmnist
from topojax.evaluation import auc_score, summarise_seed_differences
from topojax.experiments.bench.machine import processor, processors
from topojax.experiments.bench.records import write_record
from topojax.pipeline import (
    FitPlan,
    Grounds,
    Stopwatch,
    class_maps,
    fit_on_maps,
    plan_fit,
    prepare_grounds,
)

RESULTS = Path(__file__).parent / "results"
NOW = "intensity, mlp"
VARIANTS: dict[str, tuple[str, dict[str, Any]]] = {
    NOW: ("intensity", {}),
    "intensity, auto": ("intensity", {"classifier.model": "auto"}),
    "Laplacians, mlp": ("Laplacians", {}),
    "Laplacians, logistic": ("Laplacians", {"classifier.model": "logistic"}),
    "Laplacians, extra-trees": ("Laplacians", {"classifier.model": "extra-trees"}),
    "Laplacians, auto": ("Laplacians", {"classifier.model": "auto"}),
    "Laplacians and volumes, auto": (
        "Laplacians",
        {"classifier.model": "auto", "topology.volumes": True},
    ),
    "scale-space, auto": ("scale-space", {"classifier.model": "auto"}),
}
"""A bank of `banks.py`, and what else differs from the preset."""
KINDS = ("topology", "whole-image")


def planned(dataset: Dataset, config: Config) -> FitPlan:
    """Return the plan of a fit on the training split."""
    return plan_fit(config, dataset.train, dataset.class_names, dataset.spatial_dims)


def settings_of(variant: str, spatial_dims: int) -> dict[str, Any]:
    """Return a variant as overrides."""
    bank, others = VARIANTS[variant]
    return {"topology.filtrations": list(BANKS[bank][spatial_dims]), **others}


def prepared(dataset: Dataset, config: Config) -> tuple[Grounds, float]:
    """Return the network and its maps, and the seconds that they took."""
    plan = planned(dataset, config)
    watch = Stopwatch(plan.log)
    grounds = prepare_grounds(plan, dataset.train, dataset.val, class_maps, watch)
    return grounds, sum(watch.seconds.values())


def measure(dataset: Dataset, overrides: dict[str, Any], seeds: int) -> list[dict[str, Any]]:
    """Return a row for every seed and variant."""
    rows = []
    for seed in range(seeds):
        own = overrides | {"seed": seed}
        grounds, network_s = prepared(dataset, make_config(overrides=own))
        for variant in VARIANTS:
            changes = settings_of(variant, dataset.spatial_dims)
            fit = fit_on_maps(planned(dataset, make_config(overrides=own | changes)), grounds)
            row: dict[str, Any] = {"seed": seed, "variant": variant, "network_s": network_s}
            row["others_s"] = sum(fit.seconds.values())
            for kind in KINDS:
                row[kind] = auc_score(dataset.val.labels, fit.val.by_method[kind])
            rows.append(row)
            print(f"seed {seed}, {variant}: {row[KINDS[0]]:.3f}, {row['others_s']:.0f} s")
    return rows


def markdown(record: dict[str, Any]) -> str:
    """Return the record as a page."""
    rows = record["rows"]
    network_s = np.median([row["network_s"] for row in rows])
    lines = [
        f"# {record['question']}",
        "",
        f"{record['data']}, {record['shape']}; {record['date']}; {record['processor']}, "
        f"{record['processors']} processors; {record['seeds']} seeds; `{record['command']}`. "
        f"Validation AUCs, means over seeds; the network and its maps take {network_s:.0f} s more "
        "(median). Differences to the first row are paired by seed, with 95 % Student intervals.",
        "",
        "| filtrations, classifier | topology of the ROI | exceeds the first row by "
        "| topology of the whole image | filters, search and classifiers, s |",
        "|---|---:|---|---:|---:|",
    ]
    by_variant = {name: [row for row in rows if row["variant"] == name] for name in VARIANTS}
    own = [row["topology"] for row in by_variant[NOW]]
    for variant, found in by_variant.items():
        roi = [row["topology"] for row in found]
        excess = summarise_seed_differences(roi, own)
        shown = (
            "" if variant == NOW else f"{excess.mean:+.3f} [{excess.low:+.3f}, {excess.high:+.3f}]"
        )
        lines.append(
            f"| {variant} | {np.mean(roi):.3f} | {shown} "
            f"| {np.mean([row['whole-image'] for row in found]):.3f} "
            f"| {np.median([row['others_s'] for row in found]):.0f} |"
        )
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print and write."""
    options = fits_options(fits_parser(str(__doc__), seeds=3, output=RESULTS), arguments)
    dataset = read_medmnist(options.data, size=options.size)
    overrides = {"backbone.weights": options.weights} | parse_overrides(options.sets)
    rows = measure(dataset, overrides, options.seeds)
    record = {
        "question": str(__doc__).splitlines()[0],
        "date": datetime.now(UTC).date().isoformat(),
        "processor": processor(),
        "processors": processors(),
        "versions": {name: version(name) for name in ("topojax", "jax", "numpy", "scikit-learn")},
        "data": dataset.name,
        "shape": " x ".join(map(str, dataset.shape)),
        "seeds": options.seeds,
        "command": fits_command("settings", options),
        "rows": rows,
    }
    write_record(options.output, f"settings_{options.name}", record, markdown(record))


if __name__ == "__main__":
    main()
