"""Descriptors of one volume that no memory needs to hold: two passes over its slabs.

The first finds the range of intensities, over which thresholds are spread, and whether all of them
can be used; the second counts. What comes of it are the numbers of `file_features`, bit for bit.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from topojax.config import Config, TopologyConfig
from topojax.data.big_volumes import FileVolume, Intensities
from topojax.executors import spread
from topojax.experiments.features.slabs import planes_at_once, say_in_parts
from topojax.experiments.features.streamed import streamed_topology
from topojax.experiments.features.table import Features
from topojax.experiments.features.work import Blocks, Work
from topojax.files import make_folder, write_atomically
from topojax.topology import (
    BankDescriptors,
    BettiDescriptors,
    chunked,
    fixed_grid,
    sample_grids,
)


@dataclass(frozen=True)
class _Negated:
    """A volume of which what is bright enters first."""

    values: Any

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the axes."""
        return self.values.shape

    @property
    def chunks(self) -> tuple[int, ...]:
        """Voxels along each axis that are read together."""
        return self.values.chunks

    def identity(self) -> str:
        """Return by which text the values are told from others."""
        return f"-{self.values.identity()}"

    def __getitem__(self, index: Any) -> np.ndarray:
        """Return planes along the first axis, or a box."""
        return -self.values[index]


def volume_features(
    volume: FileVolume,
    settings: Config,
    *,
    chunks: int | None = None,
    work: Work | None = None,
) -> Features:
    """Return the descriptor of one volume, read part by part.

    Args:
        volume: in its file.
        settings: of the topology and of how voxels become intensities.
        chunks: planes that are read at once; None: as many as memory and the file's chunks suggest.
        work: who reads and counts, and where finished parts are kept; by default this process.

    Raises:
        ConfigError: as `streamed_topology`.
        DataError: planes that cannot be read, are not finite, or of one intensity alone.
    """
    config = streamed_topology(settings, volume.path)
    intensities = Intensities(volume, settings.prepare)
    say_in_parts(volume, chunks)
    blocks, volumes, grids = {}, {}, {}
    n_voxels = np.array([math.prod(volume.shape)])
    with (work or Work()).opened() as workers:
        folder = None if workers.folder is None else workers.folder / "volume"
        passes = _Passes(chunks or planes_at_once(volume), workers, folder)
        ends = passes.range(intensities)
        for name in config.filtrations:
            is_plain = name == "intensity"
            values: chunked.Sliceable = intensities if is_plain else _Negated(intensities)
            grids[name], thresholds = _thresholds(ends if is_plain else -ends, name, config)
            curves = chunked.betti_curves(
                values,
                thresholds,
                chunks=chunks,
                construction=config.construction,
                executor=workers.executor,
                folder=folder,
                tasks=workers.tasks,
                progress=True,
            )
            blocks[name] = BettiDescriptors(curves[None], n_voxels)
            if config.volumes:
                volumes[name] = passes.volumes(values, thresholds)[None]
    found = BankDescriptors(blocks, volumes, config.volumes)
    return Features(found.matrix(), found.feature_names(), grids, (volume.path.name,))


def _thresholds(
    ends: np.ndarray, name: str, config: TopologyConfig
) -> tuple[np.ndarray | None, np.ndarray]:
    """Return the grid as a table of features has it, and the thresholds that are counted at."""
    if config.grid == "fixed":
        said = f"values of filtration {name!r}"
        grid = fixed_grid(ends.astype(np.float64), config.n_thresholds, name=said)
        return grid, grid
    everywhere = np.ones((1, 1, 2), bool)
    return None, sample_grids(ends[None, None], everywhere, config.n_thresholds)[0]


@dataclass(frozen=True)
class _Passes:
    """Passes over the slabs of a volume, in any order.

    Attributes:
        planes: of a slab.
        workers: who read.
        folder: where the range is kept; None: nowhere.
    """

    planes: int
    workers: Blocks
    folder: Path | None

    def range(self, intensities: Intensities) -> np.ndarray:
        """Return the least and the largest intensity, float32 (2,)."""
        kept = None
        if self.folder is not None:
            told = hashlib.sha256(intensities.identity().encode()).hexdigest()[:16]
            kept = self.folder / f"range-{told}.json"
            if kept.is_file():
                return np.array(json.loads(kept.read_bytes()), np.float32)
        ends = list(self._over(partial(_ends, intensities), intensities.shape[0], "range"))
        low, high = zip(*ends, strict=True)
        if kept is not None:
            make_folder(kept.parent, "give another output")
            write_atomically(kept, json.dumps([min(low), max(high)]).encode())
        return np.array([min(low), max(high)], np.float32)

    def volumes(self, values: chunked.Sliceable, thresholds: np.ndarray) -> np.ndarray:
        """Return how many voxels are not above each threshold, int64 (N,)."""
        call = partial(_voxels_by_level, values, thresholds)
        counts = sum(self._over(call, values.shape[0], "volumes"))
        return counts[: len(thresholds)].cumsum()

    def _over(self, call: Callable[[slice], Any], depth: int, what: str) -> Iterator[Any]:
        bounds = pairwise([*range(0, depth, self.planes), depth])
        slabs = [slice(*ends) for ends in bounds]
        size = -(-len(slabs) // self.workers.tasks) if self.workers.tasks else 1
        tasks = [slabs[k : k + size] for k in range(0, len(slabs), size)]
        each = partial(_each, call)
        for _, found in spread(self.workers.executor, each, tasks, what=what, progress=True):
            yield from found


def _each(call: Callable[[slice], Any], slabs: list[slice]) -> list[Any]:
    return [call(slab) for slab in slabs]


def _ends(intensities: Intensities, slab: slice) -> tuple[float, float]:
    values = intensities[slab]
    return float(values.min()), float(values.max())


def _voxels_by_level(values: chunked.Sliceable, thresholds: np.ndarray, slab: slice) -> np.ndarray:
    levels = np.searchsorted(thresholds, values[slab].astype(np.float64).ravel(), "left")
    return np.bincount(levels, minlength=len(thresholds) + 1)
