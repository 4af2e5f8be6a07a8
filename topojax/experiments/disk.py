"""What a run takes on the disk: known before it begins, said, refused where it is not there."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import Any

import jax

from topojax.data import SPLITS, Dataset, SplitName
from topojax.errors import RunError
from topojax.experiments.examples import most_shown
from topojax.files import NoSpaceError, cannot_write, is_no_space, megabytes, nearest_folder
from topojax.models import abstract_model
from topojax.pipeline import FitPlan
from topojax.pipeline.features import feature_lengths
from topojax.pipeline.plan import n_networks, n_readers, population_size
from topojax.row_files.row_budget import kept_in_memory
from topojax.search import n_genes
from topojax.training.backbone.fitted import abstract_backbone
from topojax.training.classifier.size import classifier_size

_LOGGER = logging.getLogger(__name__)

# The report's figures and interactive examples, and what orbax and zip write around arrays.
_PAGE = 8_000_000
_AROUND_ARRAYS = 2_000_000
# Bytes of a probability in a predictions file, and of what a generation's file has beside genes.
_PROBABILITY = 25
_GENERATION = 4_000
# Image, fused map and values in float32, and the ROI.
_SHOWN_VOXEL = 13


def run_bytes(plan: FitPlan, dataset: Dataset) -> int:
    """Return the bytes that a run takes at most at once, its state to resume from included."""
    _, params, stats = abstract_backbone(
        plan.config.backbone.name, plan.n_classes, dataset.n_channels
    )
    network = _bytes(params) + _bytes(stats)
    # Adam keeps two more arrays of each parameter's size.
    states = network + 2 * _bytes(params) + network
    n = n_networks(plan.config.cam)
    kept = _maps(plan, dataset) + _filtered(plan, dataset)
    after_training = n * (states + network) + kept + _search(plan)
    # While an epoch is written, the state before it is still there: of each that is being trained.
    alone = plan.spreading is None
    training = (n + 1) * states if alone else 2 * n * states + _shared_images(dataset)
    return max(training, after_training + _results(plan, dataset)) + _AROUND_ARRAYS


def check_disk(path: Path, n_bytes: int) -> None:
    """Say how much a run will take in its folder, which need not be there yet.

    Raises:
        NoSpaceError: the disk has not that much.
    """
    place = nearest_folder(path)
    free = shutil.disk_usage(place).free
    # What the run has there already it will not need again.
    taken = sum(file.lstat().st_size for file in path.rglob("*") if not file.is_dir())
    _LOGGER.info(
        "run: up to %s in %s, %s are free there", megabytes(n_bytes), path, megabytes(free)
    )
    if free + taken < n_bytes:
        raise NoSpaceError(
            f"run folder {path} needs up to {megabytes(n_bytes - taken)}, and {megabytes(free)} "
            f"are free in {place}; free the space, or choose another --output"
        )


@contextmanager
def going_on_with_space(path: Path, n_bytes: int) -> Iterator[None]:
    """Say of a run that its disk stops how it goes on.

    Raises:
        NoSpaceError: there was no space for a file.
        RunError: a file could not be written for another reason.
    """
    try:
        yield
    except (OSError, RunError) as error:
        failed = error
        if isinstance(error, OSError):
            failed = cannot_write(Path(error.filename or path), error)
        if not is_no_space(error):
            raise failed from None
        raise NoSpaceError(
            f"{failed}; run folder {path} needs up to {megabytes(n_bytes)}: free the space, and "
            "the same command with --resume goes on"
        ) from None


def _bytes(abstract: Any) -> int:
    return sum(prod(leaf.shape) * leaf.dtype.itemsize for leaf in jax.tree.leaves(abstract))


def _shared_images(dataset: Dataset) -> int:
    """Return the bytes of the images that networks are trained on in other processes."""
    splits = (dataset.train, dataset.val)
    return sum(split.images.nbytes + split.labels.nbytes for split in splits)


def _maps(plan: FitPlan, dataset: Dataset) -> int:
    layers, voxels = len(plan.config.cam.layers), prod(dataset.shape)
    cam = plan.config.cam
    # Training maps are kept by fold, and once more in the images' order.
    times: dict[SplitName, int] = {"train": 1 if cam.folds == 1 else 2, "val": n_readers(cam)}
    sizes = [times[name] * len(dataset.split(name).labels) * layers * voxels for name in times]
    return sum(size for size in sizes if not kept_in_memory(size, cam.memory_mb))


def _filtered(plan: FitPlan, dataset: Dataset) -> int:
    """Return the bytes of images under filtrations, at most, that are kept in files."""
    voxels, names = prod(dataset.shape), plan.config.topology.filtrations
    if names == ("intensity",) and dataset.n_channels == 1:
        return 0
    # Levels of all, and one filtration's floats with either sign; or floats of all.
    bytes_of_voxel = 4 * len(names) + 8
    sizes = [len(dataset.split(name).labels) * voxels * bytes_of_voxel for name in ("train", "val")]
    return sum(size for size in sizes if not kept_in_memory(size, plan.config.cam.memory_mb))


def _search(plan: FitPlan) -> int:
    if not plan.is_searched:
        return 0
    search = plan.config.search
    genes = n_genes(len(plan.config.cam.layers), search)
    generation = 4 * population_size(plan.config) * (genes + 1) + _GENERATION
    return search.searches * (search.generations + 1) * generation


def _results(plan: FitPlan, dataset: Dataset) -> int:
    """Return the bytes of descriptors, predictions, curves, examples, classifiers and report."""
    n = {name: len(dataset.split(name).labels) for name in SPLITS}
    topology = plan.config.topology
    curve = 4 * (plan.spatial_dims + 1) * topology.n_thresholds * len(topology.filtrations)
    rows = sum(n.values()) * (curve + plan.n_classes * (_PROBABILITY + 4))
    shown = most_shown(plan.n_classes) * prod(dataset.shape) * _SHOWN_VOXEL
    return rows + 2 * n["test"] * curve + shown + _classifiers(plan, dataset) + _PAGE


def _classifiers(plan: FitPlan, dataset: Dataset) -> int:
    config, n = plan.config, len(dataset.train.labels)
    network = abstract_model(config.backbone.name, plan.n_classes, dataset.n_channels)
    lengths = feature_lengths(
        config,
        plan.spatial_dims,
        config.topology.n_thresholds,
        plan.n_classes,
        network.num_features,
    )
    return sum(
        classifier_size(config.classifier, n, length, plan.n_classes) for length in lengths.values()
    )
