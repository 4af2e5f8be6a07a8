"""One network on one batch, here and in torch: compared, then timed in turn."""

from __future__ import annotations

import logging
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import jax
import numpy as np
import torch
from flax import nnx

from topojax.errors import BenchError
from topojax.experiments.bench.backbones.jax_tasks import Compiled, JaxTasks
from topojax.experiments.bench.backbones.plans import BY_LAYER, OURS, TORCH, Case, Plan
from topojax.experiments.bench.backbones.torch_networks import make_network
from topojax.experiments.bench.backbones.torch_tasks import TorchTasks
from topojax.models import create_model
from topojax.weights import load_torchvision

_LOGGER = logging.getLogger(__name__)

LAYERS = ("layer2", "layer3", "layer4")
CLASSES = 2
SEED = 0
SHORTEST_ROUND = 0.2
Step = Callable[[], np.ndarray]


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

    def __str__(self) -> str:
        parts = [f"{OURS} {self.median[OURS]:.3g} ms an image"]
        parts += [
            f"{name} {self.median[name]:.3g} ({ratio:.2f} x)" for name, ratio in self.ratio.items()
        ]
        return f"{self.network} {self.size} {self.task}: {', '.join(parts)}"


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
        BenchError: results that differ, before they are timed.
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
        BenchError: results that differ, before they are timed.
    """
    result = ours.step()
    # grad-cam enlarges volumes by cubic splines, so that only the single pass is comparable.
    apart = difference(task, result, theirs[TORCH]())
    if not apart < plan.tolerance:
        raise BenchError(
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
    _LOGGER.info("%s", row)
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
