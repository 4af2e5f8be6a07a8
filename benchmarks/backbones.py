"""How fast are the backbones and their maps here and in torch?

Forward pass, maps of three layers, and training step (Adam, cross-entropy) of r3d_18 and resnet18,
in torch and in topojax, on the same weights and images, in turn in one process, with all
processors on both sides. Logits, maps and losses are compared before anything is timed. Maps are
enlarged to the images' grid and scaled to [0, 1] on both sides; torch gives them twice, by one call
of grad-cam a layer, as the paper's authors do, and in one pass. Compiling is not timed.

    python benchmarks/backbones.py [--quick] [--gpu] [--repeats K] [--only NAME] [--output DIR]

Writes `backbones.json` and `.md`; `--quick`, of a few minutes, `backbones_quick.json` and so on;
`--gpu`, in bfloat16 where jax and torch see a GPU, `backbones_gpu.json`, with memory.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

# Lets torch have its share of a GPU; read when jax starts.
os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")

import jax
import numpy as np
import torch
from flax import nnx

from betti.machine import processor
from networks import torch_tasks
from networks.jax_tasks import Compiled, JaxTasks
from networks.torch_networks import make_network
from networks.torch_tasks import TorchTasks
from topojax.models import create_model
from topojax.weights import load_torchvision

RESULTS = Path(__file__).parent / "results"
LAYERS = ("layer2", "layer3", "layer4")
CLASSES = 2
SEED = 0
SHORTEST_ROUND = 0.2

OURS, TORCH = "topojax", "torch"
BY_LAYER = "torch by layer"
Step = Callable[[], np.ndarray]


@dataclass(frozen=True)
class Case:
    """One network on cubes or squares of one width."""

    network: str
    width: int
    batch: int

    @property
    def size(self) -> str:
        """As a table has it."""
        return f"{self.width}{'³' if self.network == 'r3d_18' else '²'}"


@dataclass(frozen=True)
class Plan:
    """What one run times.

    Attributes:
        stem: name of the files of results.
        repeats: rounds; the median counts.
        cases: networks, widths and batches.
        precision: of activations.
        tolerance: largest `difference` of results.
        targets: by task and torch's way, the largest time of ours over torch's.
    """

    stem: str
    repeats: int
    cases: tuple[Case, ...]
    precision: str
    tolerance: float
    targets: dict[str, dict[str, float]]


_CPU_TARGETS = {"forward": {TORCH: 1.2}, "cam": {BY_LAYER: 1 / 2.5}, "training": {TORCH: 1.3}}
FULL = Plan(
    stem="backbones",
    repeats=7,
    cases=(
        Case("r3d_18", 28, 8),
        Case("r3d_18", 64, 2),
        Case("resnet18", 28, 32),
        Case("resnet18", 64, 32),
        Case("resnet18", 224, 8),
    ),
    precision="float32",
    tolerance=1e-3,
    targets=_CPU_TARGETS,
)
QUICK = replace(
    FULL,
    stem="backbones_quick",
    repeats=3,
    cases=(Case("r3d_18", 28, 2), Case("resnet18", 28, 8), Case("resnet18", 64, 8)),
)
GPU = replace(
    FULL,
    stem="backbones_gpu",
    cases=(Case("r3d_18", 64, 32), Case("resnet18", 224, 32)),
    precision="bfloat16",
    tolerance=0.1,
    targets={task: {TORCH: 1.0} for task in ("forward", "cam", "training")},
)


@dataclass(frozen=True)
class Row:
    """One task of one case.

    Attributes:
        difference: of the results, as `Plan.tolerance` measures them.
        rounds, median: milliseconds an image, by name.
        ratio: of ours over torch's median, by torch's name.
        missed: the targets that were not met: torch's name to the largest ratio wanted.
        megabytes: held on the device, by name; of torch on a GPU alone.
    """

    network: str
    size: str
    batch: int
    task: str
    difference: float
    rounds: dict[str, list[float]]
    median: dict[str, float]
    ratio: dict[str, float]
    missed: dict[str, float]
    megabytes: dict[str, float]


def make_tasks(case: Case, precision: str) -> tuple[JaxTasks, TorchTasks]:
    """Return both sides with equal weights, images and labels."""
    device = "cuda" if jax.default_backend() == "gpu" else "cpu"
    network = make_network(case.network, CLASSES, 1, SEED)
    dims = 3 if case.network == "r3d_18" else 2
    rng = np.random.default_rng(SEED)
    x = rng.standard_normal((case.batch, *(case.width,) * dims, 1)).astype(np.float32)
    labels = np.arange(case.batch) % CLASSES
    weights = {key: entry.numpy() for key, entry in network.state_dict().items()}
    model = create_model(case.network, CLASSES, 1, rngs=nnx.Rngs(SEED))
    ours = JaxTasks(load_torchvision(model, weights), x, labels.astype(np.int32), LAYERS, precision)
    theirs = TorchTasks(
        network.to(device),
        torch.from_numpy(np.moveaxis(x, -1, 1).copy()).to(device),
        torch.from_numpy(labels).to(device),
        LAYERS,
        precision == "bfloat16",
    )
    return ours, theirs


def difference(task: str, ours: np.ndarray, theirs: np.ndarray) -> float:
    """Return how far results are apart.

    The largest one: of logits over their spread, of maps, which lie in [0, 1], as it is, of a loss
    over the loss.
    """
    scale = {"forward": theirs.std(), "cam": 1.0, "training": np.abs(theirs).max()}[task]
    return float(np.abs(ours - theirs).max() / scale)


def measure(case: Case, plan: Plan) -> list[Row]:
    """Compare, then time, all tasks of a case.

    Raises:
        SystemExit: results that differ, before they are timed.
    """
    ours, theirs = make_tasks(case, plan.precision)
    return [
        measure_task(case, plan, "forward", ours.forward(), {TORCH: theirs.forward()}),
        measure_task(
            case,
            plan,
            "cam",
            ours.cam_in_one_pass(),
            {BY_LAYER: theirs.cam_by_layer(), TORCH: theirs.cam_in_one_pass()},
        ),
        measure_task(case, plan, "training", ours.training(), {TORCH: theirs.training()}),
    ]


def measure_task(case: Case, plan: Plan, task: str, ours: Compiled, theirs: dict[str, Step]) -> Row:
    """Compare, then time, ours and torch's ways of one task.

    Raises:
        SystemExit: results that differ, before they are timed.
    """
    result = ours.step()
    # grad-cam enlarges volumes by cubic splines, so that only the single pass is comparable.
    apart = difference(task, result, theirs[TORCH]())
    if not apart < plan.tolerance:
        raise SystemExit(
            f"{case.network} {case.size}, {task}: results differ by {apart:.1e}; not timed"
        )
    megabytes = {OURS: ours.bytes / 1e6} | peak_megabytes(theirs)
    seconds = timed_in_turn({OURS: ours.step} | theirs, plan.repeats)
    rounds = {name: [1e3 * s / case.batch for s in series] for name, series in seconds.items()}
    median = {name: statistics.median(series) for name, series in rounds.items()}
    ratio = {name: median[OURS] / median[name] for name in theirs}
    wanted = plan.targets[task]
    missed = {name: most for name, most in wanted.items() if ratio[name] > most}
    row = Row(
        case.network, case.size, case.batch, task, apart, rounds, median, ratio, missed, megabytes
    )
    print(f"{row.network} {row.size} {task}: " + figures(row), flush=True)
    return row


def timed_in_turn(steps: dict[str, Step], repeats: int) -> dict[str, list[float]]:
    """Return the seconds of every round of each, one round of each after the other.

    A round is the mean of the calls of 0.2 s, at least one, after a call that is not counted: the
    other side has just had the caches.
    """
    seconds: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(repeats):
        for name, step in steps.items():
            step()
            seconds[name].append(_round(step))
    return seconds


def _round(step: Step) -> float:
    start, seconds, calls = time.perf_counter(), 0.0, 0
    while calls == 0 or seconds < SHORTEST_ROUND:
        step()
        calls += 1
        seconds = time.perf_counter() - start
    return seconds / calls


def peak_megabytes(steps: dict[str, Step]) -> dict[str, float]:
    """Return what torch holds at most on a GPU in one call of each; nothing on a CPU."""
    if not torch.cuda.is_available():
        return {}
    peaks = {}
    for name, step in steps.items():
        torch.cuda.reset_peak_memory_stats()
        step()
        peaks[name] = torch.cuda.max_memory_allocated() / 1e6
    return peaks


def figures(row: Row) -> str:
    """Return one row's medians and ratios in words."""
    parts = [f"{OURS} {row.median[OURS]:.3g} ms an image"]
    parts += [f"{name} {row.median[name]:.3g} ({ratio:.2f} x)" for name, ratio in row.ratio.items()]
    return ", ".join(parts)


def markdown(record: dict[str, Any]) -> str:
    """Return the record as a table."""
    versions = ", ".join(f"{name} {number}" for name, number in record["versions"].items())
    lines = [
        f"# {record['question']}",
        "",
        f"{record['date']}; {record['device']}; {versions}; {record['threads']}; "
        f"{record['settings']['precision']}; medians of {record['settings']['repeats']} rounds in "
        f"turn, milliseconds an image. By layer: {record['grad_cam']}.",
        "",
        "| network | images | batch | task | topojax | torch | torch by layer | of torch's | "
        "target | MB |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in record["rows"]:
        median, ratio = row["median"], row["ratio"]
        compared = BY_LAYER if BY_LAYER in record["settings"]["targets"][row["task"]] else TORCH
        by_layer = f"{median[BY_LAYER]:.3g}" if BY_LAYER in median else ""
        ratios = " / ".join(f"{ratio[name]:.2f}" for name in (TORCH, BY_LAYER) if name in ratio)
        target = record["settings"]["targets"][row["task"]][compared]
        verdict = "missed" if row["missed"] else "met"
        memory = ", ".join(f"{name} {number:.0f}" for name, number in row["megabytes"].items())
        lines.append(
            f"| {row['network']} | {row['size']} | {row['batch']} | {row['task']} | "
            f"{median[OURS]:.3g} | {median[TORCH]:.3g} | {by_layer} | {ratios} | "
            f"≤ {target:.2g} {'by layer ' if compared == BY_LAYER else ''}{verdict} | {memory} |"
        )
    return "\n".join(lines) + "\n"


def device() -> str:
    """Return the model name of the processor or GPU."""
    if jax.default_backend() != "cpu":
        return jax.devices()[0].device_kind
    return processor()


def grad_cam() -> str:
    """Return what makes torch's maps layer by layer."""
    if torch_tasks.GradCAM is None:
        return "grad-cam's way re-implemented with hooks (grad-cam is not importable here)"
    return f"grad-cam {version('grad-cam')}"


def versions() -> dict[str, str]:
    """Return what was measured."""
    found = {"python": platform.python_version()}
    for name in ("topojax", "jax", "flax", "optax", "torch", "grad-cam"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    # The distribution's version does not tell a CPU build from another.
    found["torch"] = torch.__version__
    return found


def run(plan: Plan) -> dict[str, Any]:
    """Compare, time and return the record."""
    n_threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    torch.set_num_threads(n_threads)
    rows = []
    for case in plan.cases:
        rows += measure(case, plan)
        gc.collect()
    return {
        "question": str(__doc__).splitlines()[0],
        "date": datetime.now(UTC).date().isoformat(),
        "settings": {
            "precision": plan.precision,
            "repeats": plan.repeats,
            "targets": plan.targets,
            "seed": SEED,
        },
        "device": device(),
        "threads": f"{n_threads} threads on both sides",
        "versions": versions(),
        "grad_cam": grad_cam(),
        "rows": [asdict(row) for row in rows],
    }


def chosen_plan(options: argparse.Namespace) -> Plan:
    """Return the plan that the options ask for.

    Raises:
        SystemExit: no GPU, or nothing left to time.
    """
    if options.gpu and (jax.default_backend() != "gpu" or not torch.cuda.is_available()):
        raise SystemExit(
            f"--gpu: jax sees {jax.default_backend()}, torch "
            f"{'cuda' if torch.cuda.is_available() else 'cpu'}; install both for the same GPU"
        )
    plan = GPU if options.gpu else QUICK if options.quick else FULL
    if options.only:
        cases = tuple(case for case in plan.cases if options.only == f"{case.network}-{case.width}")
        if not cases:
            names = ", ".join(f"{case.network}-{case.width}" for case in plan.cases)
            raise SystemExit(f"--only {options.only}: choose one of {names}")
        plan = replace(plan, cases=cases, stem=f"{plan.stem}_{options.only}")
    return replace(plan, repeats=options.repeats or plan.repeats)


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the options, run, print the table and write the results."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="small images, a few minutes")
    parser.add_argument("--gpu", action="store_true", help="bfloat16 on the GPU, with memory")
    parser.add_argument("--repeats", type=int, help="rounds, instead of 7 or with --quick 3")
    parser.add_argument("--only", help="one case, such as r3d_18-28")
    parser.add_argument("--output", type=Path, default=RESULTS, help="folder of the results")
    options = parser.parse_args(arguments)
    if options.repeats is not None and options.repeats < 1:
        parser.error(f"--repeats {options.repeats}: expected at least 1")
    plan = chosen_plan(options)
    record = run(plan)
    options.output.mkdir(parents=True, exist_ok=True)
    file = options.output / f"{plan.stem}.json"
    file.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    file.with_suffix(".md").write_text(markdown(record), encoding="utf-8")
    print("\n" + markdown(record))
    print(f"written to {file} and .md")


if __name__ == "__main__":
    main()
