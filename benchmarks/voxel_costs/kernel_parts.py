"""All that these benchmarks know of the inside of the kernels: stages, in bytes and machine code.

Where a stage is added, or an array changes its width, `stages` is the place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numba
import numpy as np

from topojax.experiments.bench.persistence.inputs import Sample
from topojax.kernels.arguments import check_sample
from topojax.kernels.padded.layout import Box, Layout, padded_layout
from topojax.kernels.padded.levels import place_volume
from topojax.kernels.padded.value_lanes import VECTOR, count_steps
from topojax.kernels.padded.workspace import Workspace, borrowed_workspace
from topojax.kernels.simple.classification import classify
from topojax.kernels.simple.neighbour_lanes import LANES, compare_in_space, spread_eight
from topojax.kernels.simple.representatives import represent_in_space
from topojax.kernels.simple.volume import load_volume
from topojax.kernels.tree.basins import rank_words
from topojax.kernels.tree.directions import Direction, side_of
from topojax.kernels.tree.merges_by_level import Buckets, count_merges, sorted_edges

_POSITION = 4
_LEVELS, _BITS, _OFFSETS = numba.uint8[::1], numba.uint64[::1], numba.int64[::1]


@numba.njit
def _load(
    work: Workspace, values: np.ndarray, mask: np.ndarray, grid: np.ndarray, volumetric: bool
) -> Layout:
    return load_volume(work, values, mask, grid, volumetric, True)[1]


@dataclass(frozen=True)
class Classes:
    """What classification finds, a voxel.

    padded: positions of the layout.
    level: bytes of a level.
    critical: voxels that are not simple.
    mergers: voxels that join components, upwards and downwards.
    meetings: components beyond the first that they meet.
    """

    padded: float
    level: int
    critical: float
    mergers: tuple[float, float]
    meetings: tuple[float, float]


def classification(sample: Sample) -> None:
    """Set the levels, and what each voxel does as it enters (T-construction)."""
    images, masks, _ = check_sample(sample.image, sample.mask, "T")
    grid, volumetric = sample.thresholds, sample.image.ndim == 3
    with borrowed_workspace(images.shape[1:], grid.size, volumetric) as work:
        _load(work, images[0], masks[0], grid, volumetric)


def classes(sample: Sample) -> Classes:
    """Count what classification finds (T-construction)."""
    images, masks, _ = check_sample(sample.image, sample.mask, "T")
    grid, volumetric = sample.thresholds, sample.image.ndim == 3
    with borrowed_workspace(images.shape[1:], grid.size, volumetric) as work:
        words = _load(work, images[0], masks[0], grid, volumetric).n_words
        voxels = sample.image.size
        up, down = (
            _mergers(merges[:words], components[: 64 * words])
            for merges, components in (
                (work.full_merges, work.full),
                (work.face_merges, work.face),
            )
        )
        return Classes(
            padded=64 * words / voxels,
            level=work.levels.itemsize,
            critical=int(np.bitwise_count(work.critical[:words]).sum()) / voxels,
            mergers=(up[0] / voxels, down[0] / voxels),
            meetings=(up[1] / voxels, down[1] / voxels),
        )


def _mergers(merges: np.ndarray, components: np.ndarray) -> tuple[int, int]:
    """Count the voxels whose bits are set, and their components beyond the first."""
    which = np.unpackbits(merges.view(np.uint8), bitorder="little").astype(bool)
    met = np.bitwise_count(components[which])
    return met.size, int(met.sum()) - met.size


@dataclass(frozen=True)
class Stage:
    """Bytes a voxel that a stage reads and writes, each array counted once."""

    name: str
    read: float
    written: float


def stages(sample: Sample) -> list[Stage]:
    """Return what every stage moves, from the layout and from what classification finds.

    Left out are walks along first neighbours, and the levels of neighbours at a merger: they
    depend on the image, and few voxels have any.
    """
    found = classes(sample)
    bits = found.padded / 8
    # Codes and two representatives; roots and mergers of two kinds, critical voxels.
    classified = 3 * found.padded + 5 * bits
    parts = [
        Stage("levels", sample.image.itemsize, found.level * found.padded),
        Stage("classification", found.level * found.padded, classified),
    ]
    for k, name in enumerate(("components, upwards", "cavities, downwards")):
        edges = 2 * _POSITION * found.meetings[k]
        # Roots and mergers; of a merger its level and its components.
        read = 2 * bits + (found.level + 1) * found.mergers[k] + edges
        parts.append(Stage(name, read, _POSITION * found.padded / 64 + edges))
    return parts


@numba.njit
def _place(work: Workspace, values: np.ndarray, mask: np.ndarray, grid: np.ndarray) -> None:
    place_volume(values, mask, grid, values.shape[0] > 1, work.levels)


@numba.njit
def _classify(work: Workspace, layout: Layout) -> None:
    classify(work, layout, True)


@numba.njit
def _find_edges(
    work: Workspace, ascending: bool, layout: Layout, n_levels: int
) -> tuple[int, Buckets]:
    side = side_of(work, Direction(ascending, ascending), layout)
    n_roots = rank_words(side.roots, layout.n_words, work.ranks)
    return n_roots, sorted_edges(work, side, layout, n_levels)


@numba.njit
def _unite(edges: Buckets, n_roots: int, ascending: bool) -> np.ndarray:
    return count_merges(edges, n_roots + 1, ascending)


@contextmanager
def stages_alone(sample: Sample) -> Iterator[dict[str, Callable[[], object]]]:
    """Lend calls that do one stage each of a sample without a mask (T-construction), by name."""
    images, masks, _ = check_sample(sample.image, None, "T")
    grid, n_levels = sample.thresholds, sample.thresholds.size + 1
    volumetric = sample.image.ndim == 3
    layout = padded_layout.py_func(Box(0, 0, 0, *images.shape[1:]), volumetric)
    with borrowed_workspace(images.shape[1:], grid.size, volumetric) as work:
        _load(work, images[0], masks[0], grid, volumetric)
        calls: dict[str, Callable[[], object]] = {
            "levels": lambda: _place(work, images[0], masks[0], grid),
            "classification": lambda: _classify(work, layout),
        }
        for ascending, name in ((True, "upwards"), (False, "downwards")):
            n_roots, edges = _find_edges(work, ascending, layout, n_levels)
            # The other direction overwrites them.
            edges = edges._replace(left=edges.left.copy(), right=edges.right.copy())
            calls[f"edges, {name}"] = lambda ascending=ascending: _find_edges(
                work, ascending, layout, n_levels
            )
            calls[f"union-find, {name}"] = lambda e=edges, n=n_roots, a=ascending: _unite(e, n, a)
        yield calls


@numba.njit(numba.void(_LEVELS, _OFFSETS, _BITS, _LEVELS))
def _compare(
    levels: np.ndarray, offsets: np.ndarray, slices: np.ndarray, codes: np.ndarray
) -> None:
    for word in range(32):
        compare_in_space(levels, LANES * word, offsets, np.uint64(0), slices, word, 32, codes)


@numba.njit(numba.void(_BITS))
def _represent(slices: np.ndarray) -> None:
    represent_in_space(slices)


@numba.njit(numba.void(_BITS, _LEVELS))
def _spread(slices: np.ndarray, components: np.ndarray) -> None:
    for word in range(32):
        spread_eight(slices, word, 32, components, LANES * word)


@numba.njit(numba.int64(numba.float32[::1], numba.float32, _LEVELS))
def _count_steps(values: np.ndarray, scale: np.float32, levels: np.ndarray) -> int:
    doubtful = 0
    for start in range(0, values.size, VECTOR):
        doubtful += count_steps(values, start, scale, scale, scale, scale, scale, levels, start)
    return doubtful


def machine_code() -> dict[str, str]:
    """Return the machine code of the loops over all voxels, as text, by what they do."""
    parts = {
        "levels by steps of an even grid": _count_steps,
        "comparison with 26 neighbours": _compare,
        "representatives of local components": _represent,
        "a byte of eight bits": _spread,
    }
    return {name: next(iter(part.inspect_asm().values())) for name, part in parts.items()}
