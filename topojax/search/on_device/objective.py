"""The fitness of genes, all of it inside `jit`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, UInt8

from topojax.config import Config, SearchConfig
from topojax.errors import ConfigError
from topojax.search.objective import SearchInputs
from topojax.search.objectives import Task
from topojax.search.objectives.classified import cv_folds, mlp_settings, val_folds
from topojax.search.on_device.classifiers import Judged, fold_aucs
from topojax.search.on_device.generations import TracedFitness
from topojax.search.on_device.memory import pairs_at_once
from topojax.search.on_device.rules import decode_on_device
from topojax.topology.device.candidates import (
    CandidateCurves,
    LevelledImages,
    candidate_curves,
    levelled,
)
from topojax.training import MLPSettings

FOLDS = {"cv-auc": cv_folds, "val-auc": val_folds}
"""Of the objectives that can be compiled, what is trained on and what is scored."""


class _Data(NamedTuple):
    images: LevelledImages
    maps: UInt8[Array, "n L *shape"]
    judged: Judged


@dataclass(frozen=True)
class _Fitness:
    """A fitness as the search compiles it; equal ones share a program."""

    search: SearchConfig
    classifier: MLPSettings
    top: bool
    rescale: bool
    pairs_at_once: int

    def __call__(self, data: _Data, genes: Float[Array, "P G"]) -> Float[Array, " P"]:
        weights, taus = decode_on_device(genes, data.maps.shape[1], self.search)
        found = candidate_curves(
            data.images,
            data.maps,
            weights,
            taus,
            top=self.top,
            rescale=self.rescale,
            pairs_at_once=self.pairs_at_once,
        )
        descriptors = _descriptors(found, data.images.lengths)
        return 1.0 - fold_aucs(data.judged, descriptors, self.classifier).mean(axis=1)


def device_fitness(inputs: SearchInputs, config: Config) -> TracedFitness:
    """Return the fitness of `RoiObjective`, up to rounding of the classifiers, for the device.

    Regions and Betti curves are the same, bit by bit. Images and maps are all held by the device.

    Args:
        inputs: what the objective sees.
        config: settled; `check_on_device` has passed it.
    """
    task, topology, parts = inputs.task, config.topology, inputs.parts
    maps = _joined([part.maps for part in parts])
    first = parts[0].images
    grids = {name: first.thresholds(name) for name in first.values}
    known = {name: grid for name, grid in grids.items() if grid is not None}
    values = {name: _joined([part.images.values[name] for part in parts]) for name in grids}
    images = levelled(values, known, zero_outside=topology.background == "zero")
    n_dims = maps.ndim - 2
    n_features = n_dims * sum(images.lengths) + 1
    settings = mlp_settings(task, config.search.classifier_batch_size)
    key = jax.random.key(task.seed)
    # As `minimise` runs it.
    with jax.enable_x64(False):
        judged = Judged.of(key, task.labels, _folds(task), n_features, settings)
    fitness = _Fitness(
        search=config.search,
        classifier=settings,
        top=topology.construction == "T",
        rescale=config.cam.rescale_fused,
        pairs_at_once=pairs_at_once(maps.shape[2:], len(grids)),
    )
    return TracedFitness(fitness, _Data(images, jnp.asarray(maps), judged))


def check_on_device(config: Config) -> None:
    """Raise ConfigError where a search with these settings cannot be compiled.

    Args:
        config: settled.
    """
    search, topology = config.search, config.topology
    if search.objective not in FOLDS:
        raise ConfigError(
            f"search.topology=device with search.objective={search.objective}, which is not "
            f"compiled; choose {' or '.join(FOLDS)}, or search.topology=kernels"
        )
    if topology.grid not in ("fixed", "quantile"):
        raise ConfigError(
            f"search.topology=device with topology.grid={topology.grid}, a grid for each image; "
            "choose fixed or quantile, or search.topology=kernels"
        )
    if topology.empty_roi == "drop":
        raise ConfigError(
            "search.topology=device with topology.empty_roi=drop, which leaves images out; choose "
            "keep, or search.topology=kernels"
        )


def _joined(parts: list[np.ndarray]) -> np.ndarray:
    # Maps of volumes take gigabytes: no copy where there is nothing to join.
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _folds(task: Task) -> tuple:
    return tuple(FOLDS[task.search.objective](task))


def _descriptors(found: CandidateCurves, lengths: tuple[int, ...]) -> Float[Array, "P n f"]:
    """Return φ as `candidate_matrix` has it."""
    sizes = found.voxels[..., None, None].astype(jnp.float32)
    blocks = [
        (found.curves[:, :, place, :, :length] / sizes).reshape(*found.voxels.shape, -1)
        for place, length in enumerate(lengths)
    ]
    return jnp.concatenate([*blocks, sizes[..., 0]], axis=-1)
