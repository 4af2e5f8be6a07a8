"""How long a fit will take, estimated and said before it begins.

What has to be computed is counted from the plan, and what this machine computes a second is
measured in a few milliseconds: a matrix product and a pass over memory. The rest are constants that
were measured on two cores (`benchmarks/estimates.py` compares estimates with fits). It is an order
of magnitude: networks, images and machines differ, so that a fit may take a third of it or three
times as long, and longer where other processes share the processors. Kernels that are not compiled
yet (`topojax.kernels`) take some 9 s more. Accelerators have not been measured.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, astuple, dataclass
from functools import cache, lru_cache
from math import ceil, prod
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx

from topojax.config import SegmentationConfig, TrainingConfig
from topojax.data import Split, SplitName
from topojax.kernels.threads import check_threads
from topojax.models import abstract_model
from topojax.models.registry import map_channels
from topojax.models.segmentation.unet import abstract_unet
from topojax.pipeline.cost.memory import classifier_parameters
from topojax.pipeline.features import kinds_of_features
from topojax.pipeline.plan import FitPlan, n_networks, n_readers, population_size
from topojax.search import find_objective

_LOGGER = logging.getLogger(__name__)

_DAY = 86_400.0
_UNITS = ((365.25 * _DAY, "years"), (_DAY, "days"), (3600.0, "h"), (60.0, "min"), (1.0, "s"))

# Passes through the network: forward and backward; maps go back to their first layer alone.
_TRAINING_PASSES = 3
_MAP_PASSES = 2
# Bytes moved a parameter at an update: itself, gradient and Adam's two moments, back and forth.
_UPDATE_BYTES = 150
# Of one core, for a voxel of an image and a candidate: its regions and the curves on them.
_VOXEL_SECONDS = 2e-9
# Of one core, for a parameter of a classifier at an update, beside its products.
_PARAMETER_SECONDS = 2.5e-9
# Products and sums of a parameter and a row, forward and backward.
_CLASSIFIER_FLOPS = 6
# Of a generation, whatever it evaluates: proposing, calling, writing it down.
_GENERATION_SECONDS = 0.01
# XLA's, for an operation of a forward pass; and for the loops of search and classifiers.
_COMPILE_SECONDS = 2e-3
_COMPILE_LOOPS_SECONDS = 5.0


@dataclass(frozen=True)
class TimeNeed:
    """Seconds of the stages of a fit."""

    network: float
    maps: float
    search: float
    classifiers: float

    @property
    def total(self) -> float:
        """Seconds of all of it."""
        return sum(astuple(self))


@dataclass(frozen=True)
class Machine:
    """What is computed a second.

    Attributes:
        flops: operations of a large float32 matrix product, of all cores or one accelerator.
        bytes: that pass between memory and processor, of all cores or one accelerator.
        cores: processors that this process may use.
    """

    flops: float
    bytes: float
    cores: int


@dataclass(frozen=True)
class NetworkWork:
    """What the network's forward pass asks for.

    Attributes:
        flops: operations an image.
        bytes: read and written an image, where nothing is fused.
        operations: array operations, whatever the batch.
        parameters: numbers that are trained.
    """

    flops: float
    bytes: float
    operations: int
    parameters: int


def say_running_time(plan: FitPlan, train: Split, val: Split) -> None:
    """Say how long a fit will take; as a warning if it is more than a day."""
    need = time_need(plan, train, val, measured_machine())
    parts = ", ".join(f"{stage} {about(seconds)}" for stage, seconds in asdict(need).items())
    begun = plan.folder_of("backbone")
    rest = ", less what is done already" if begun is not None and begun.exists() else ""
    line = f"fit: about {about(need.total)}, give or take a factor of 3 ({parts}){rest}"
    if need.total <= _DAY:
        _LOGGER.info(line)
    else:
        _LOGGER.warning(
            "%s; fewer backbone.epochs, search.generations or images take less, and size makes "
            "images smaller",
            line,
        )


def time_need(plan: FitPlan, train: Split, val: Split, machine: Machine) -> TimeNeed:
    """Return the seconds that the stages of a fit will take, within a factor of three as a rule.

    Args:
        plan: settled.
        train, val: the images that it is for.
        machine: what computes.
    """
    config, dims = plan.config, plan.spatial_dims
    shape = train.images.shape[1 : 1 + dims]
    n_channels = train.images.shape[-1] if train.images.ndim == dims + 2 else 1
    n: dict[SplitName, int] = {"train": len(train.labels), "val": len(val.labels)}
    work = network_work(
        config.backbone.name, plan.n_classes, (config.backbone.batch_size, *shape, n_channels)
    )
    return TimeNeed(
        network=_network_seconds(plan, n, work, machine),
        maps=_map_seconds(
            plan, n["train"] + n_readers(config.cam) * n["val"], shape, work, machine
        ),
        search=_search_seconds(plan, n, prod(shape), machine) if plan.is_searched else 0.0,
        classifiers=_classifier_seconds(plan, n, prod(shape), machine),
    )


def segmentation_seconds(
    config: SegmentationConfig,
    shape: tuple[int, ...],
    n: Mapping[SplitName, int],
    machine: Machine,
) -> float:
    """Return the seconds that U-Nets take for training and for all masks, as rough as `time_need`.

    Args:
        config: of the U-Nets.
        shape: of one image, (*spatial, C).
        n: images by split.
        machine: what computes.
    """
    unet = abstract_unet(
        len(shape) - 1, shape[-1], widths=config.widths, convolutions=config.convolutions
    )
    work = forward_work(unet, (config.batch_size, *shape))
    epoch = _training_epoch(config, config.folds, n, work, machine)
    read = n["train"] + config.folds * (n["val"] + n["test"])
    # Once: all networks see batches of one shape.
    compiled = (1 + _TRAINING_PASSES) * work.operations * _COMPILE_SECONDS
    return config.folds * config.epochs * epoch + read * _forward_seconds(work, machine) + compiled


def about(seconds: float) -> str:
    """Return a rough duration for people: `5 s`, `12 min`, `3 h`, `40 days`, `1200 years`."""
    for unit, name in _UNITS:
        # Two minutes rather than 119 seconds, and 90 minutes rather than an hour or two.
        if seconds >= 2 * unit or name == "s":
            break
    return f"{max(1.0, float(f'{seconds / unit:.2g}')):.0f} {name}"


@lru_cache
def network_work(name: str, n_classes: int, shape: tuple[int, ...]) -> NetworkWork:
    """Return what a forward pass asks for; it is traced and lowered, not compiled.

    Args:
        name: of the network.
        n_classes: length of its logits.
        shape: of a batch, (b, *spatial, C).
    """
    return forward_work(abstract_model(name, n_classes, shape[-1]), shape)


def forward_work(model: nnx.Module, shape: tuple[int, ...]) -> NetworkWork:
    """Return what a forward pass of a network without arrays asks for; see `network_work`."""
    model.eval()
    graph, state = nnx.split(model)
    lowered = jax.jit(lambda state, x: nnx.merge(graph, state)(x)).lower(
        state, jax.ShapeDtypeStruct(shape, jnp.float32)
    )
    # Some backends do not tell; the time of the network is then what updates take.
    costs: dict[str, Any] = lowered.cost_analysis() or {}
    return NetworkWork(
        flops=costs.get("flops", 0.0) / shape[0],
        bytes=costs.get("bytes accessed", 0.0) / shape[0],
        operations=lowered.as_text().count(" = "),
        parameters=sum(prod(leaf.shape) for leaf in jax.tree.leaves(nnx.state(model, nnx.Param))),
    )


@cache
def measured_machine() -> Machine:
    """Measure what this machine computes a second, in some 50 ms; once a process."""
    on_cpu = jax.default_backend() == "cpu"
    width = 768 if on_cpu else 4096
    square = jnp.ones((width, width), jnp.float32)
    row = jnp.ones(2**22 if on_cpu else 2**27, jnp.float32)
    devices = 1 if on_cpu else jax.local_device_count()
    return Machine(
        flops=devices * 2 * width**3 / _fastest(jax.jit(lambda x: x @ x), square),
        bytes=devices * 2 * row.nbytes / _fastest(jax.jit(lambda x: x + 1), row),
        cores=check_threads(None),
    )


def _fastest(function: Callable[[jax.Array], jax.Array], x: jax.Array) -> float:
    """Return the least of the seconds of a few calls, compilation left out."""
    seconds = []
    for _ in range(4):
        start = time.perf_counter()
        function(x).block_until_ready()
        seconds.append(time.perf_counter() - start)
    return min(seconds[1:])


def _network_seconds(
    plan: FitPlan, n: Mapping[SplitName, int], work: NetworkWork, machine: Machine
) -> float:
    epoch = _training_epoch(plan.config.backbone, plan.config.cam.folds, n, work, machine)
    compiled = (1 + _TRAINING_PASSES) * work.operations * _COMPILE_SECONDS
    return n_networks(plan.config.cam) * plan.config.backbone.epochs * epoch + compiled


def _training_epoch(
    config: TrainingConfig,
    folds: int,
    n: Mapping[SplitName, int],
    work: NetworkWork,
    machine: Machine,
) -> float:
    """Return the seconds that one of the folds' networks takes for an epoch."""
    # Each fold's network is trained on the other folds.
    trained_on = n["train"] * (folds - 1) / folds if folds > 1 else n["train"]
    passes = _TRAINING_PASSES * trained_on + n["val"]
    updates = ceil(trained_on / config.batch_size)
    return (
        passes * _forward_seconds(work, machine)
        + updates * work.parameters * _UPDATE_BYTES / machine.bytes
    )


def _map_seconds(
    plan: FitPlan, n_images: int, shape: tuple[int, ...], work: NetworkWork, machine: Machine
) -> float:
    passes = _MAP_PASSES
    if plan.config.cam.method == "scorecam":
        # A pass for every channel of every layer.
        channels = map_channels(plan.config.backbone.name, shape)
        passes = 1 + sum(channels[layer] for layer in plan.config.cam.layers)
    compiled = _MAP_PASSES * work.operations * _COMPILE_SECONDS
    return n_images * passes * _forward_seconds(work, machine) + compiled


def _forward_seconds(work: NetworkWork, machine: Machine) -> float:
    """Return the seconds of an image: arithmetic or memory, whichever takes longer."""
    return max(work.flops / machine.flops, work.bytes / machine.bytes)


def _search_seconds(
    plan: FitPlan, n: Mapping[SplitName, int], n_voxels: int, machine: Machine
) -> float:
    config, objective = plan.config.search, find_objective(plan.config.search.objective)
    read = sum(n[split] for split in objective.splits)
    generations = config.searches * (config.generations + 1)
    candidates = generations * population_size(plan.config)
    topology = read * n_voxels * _VOXEL_SECONDS * len(plan.config.topology.filtrations)
    classifiers = 0.0
    if objective.reads == "descriptors":
        folds = config.folds if objective.name == "cv-auc" else 1
        fitted = n["train"] if "train" in objective.splits else n["val"]
        rows = ceil(fitted * (folds - 1) / folds) if folds > 1 else fitted
        batch = rows if objective.is_resubstitution else config.classifier_batch_size
        classifiers = folds * config.classifier_epochs * _epoch_seconds(plan, rows, batch, machine)
    judged = candidates * (topology + classifiers) / machine.cores
    return judged + generations * _GENERATION_SECONDS + _COMPILE_LOOPS_SECONDS


def _classifier_seconds(
    plan: FitPlan, n: Mapping[SplitName, int], n_voxels: int, machine: Machine
) -> float:
    config = plan.config.classifier
    # Of the ROI, and of the whole image.
    voxels = 2 * sum(n.values()) * n_voxels * len(plan.config.topology.filtrations)
    topology = voxels * _VOXEL_SECONDS / machine.cores
    epoch = _epoch_seconds(plan, n["train"], config.batch_size, machine)
    # Models of scikit-learn take about as long as an MLP.
    kinds = len(kinds_of_features(plan.config))
    return topology + kinds * config.epochs * epoch + _COMPILE_LOOPS_SECONDS


def _epoch_seconds(plan: FitPlan, rows: int, batch_size: int, machine: Machine) -> float:
    """Return the seconds that one core takes for an epoch of a classifier of descriptors."""
    topology = plan.config.topology
    width = plan.spatial_dims * topology.n_thresholds * len(topology.filtrations) + 1
    parameters = classifier_parameters((width, *plan.config.classifier.hidden, plan.n_classes))
    products = rows * _CLASSIFIER_FLOPS * parameters / (machine.flops / machine.cores)
    return products + ceil(rows / batch_size) * parameters * _PARAMETER_SECONDS
