"""Stages alone, against definitions by brute force: simple voxels, first neighbours, basins."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numba
import numpy as np
import pytest
from scipy import ndimage

from topojax.kernels.padded.layout import RUN
from topojax.kernels.padded.workspace import Workspace, borrowed_workspace
from topojax.kernels.simple.bit_slices import RESULT, SIZE
from topojax.kernels.simple.first_neighbours import steps_to_first
from topojax.kernels.simple.simple_voxels import mark_not_simple, mark_not_simple_in_plane
from topojax.kernels.simple.volume import Volume, load_volume
from topojax.kernels.tree.basins import OUTSIDE, Slopes, find_basins, rank_roots

BEFORE, CENTRE, AFTER = 0, 1, 2


@numba.njit
def mark_by_slices(slices: np.ndarray, volumetric: bool) -> None:
    if volumetric:
        mark_not_simple(slices)
    else:
        mark_not_simple_in_plane(slices)


@numba.njit
def ready(
    work: Workspace,
    values: np.ndarray,
    mask: np.ndarray,
    grid: np.ndarray,
    volumetric: bool,
    top: bool,
) -> tuple[Volume, np.ndarray, np.ndarray]:
    """The volume with its critical voxels, and the steps to first neighbours, full and by faces."""
    volume = load_volume(work, values, mask, grid, volumetric, top)
    layout = volume.layout
    return volume, steps_to_first(layout, True), steps_to_first(layout, False)


@numba.njit
def basins_of_all(
    work: Workspace, steps: np.ndarray, roots: np.ndarray, positions: np.ndarray, n_words: int
) -> np.ndarray:
    """Replace positions by their basins; return the roots."""
    births = rank_roots(roots, n_words, work.ranks)
    slopes = Slopes(work.codes, steps, roots, work.ranks, work.milestones)
    find_basins(slopes, positions, n_words)
    return births


class Ready(NamedTuple):
    """A volume made ready; positions are of the image's voxels, in its shape (D, H, W)."""

    work: Workspace
    volume: Volume
    steps: dict[str, np.ndarray]
    positions: np.ndarray


def volume_of(image: np.ndarray, construction: str) -> Iterator[Ready]:
    """Make whole numbers from 0 on their own levels."""
    volumetric = image.ndim == 3
    values = image.reshape((-1, *image.shape[-2:])).astype(np.float32)
    grid = np.arange(image.max() + 1.0)
    with borrowed_workspace(values.shape, grid.size, volumetric) as work:
        nowhere = np.empty((0, 0, 0), np.bool_)
        volume, full, face = ready(work, values, nowhere, grid, volumetric, construction == "T")
        layout = volume.layout
        z, y, x = np.indices(values.shape)
        positions = layout.first + z * layout.plane + y * layout.row + x
        yield Ready(work, volume, {"full": full, "face": face}, positions)


def faces_of(ndim: int) -> np.ndarray:
    return ndimage.generate_binary_structure(ndim, 1)


def components(members: np.ndarray, structure: np.ndarray) -> np.ndarray:
    """Label n blocks (n, 3, …) by flood fill, 0 for what is no member; no label is in two."""
    apart = np.zeros((3, *structure.shape), bool)
    apart[1] = structure
    return ndimage.label(members, apart)[0]


def labels_in_each(labels: np.ndarray, among: np.ndarray) -> np.ndarray:
    """Count the labels other than 0 that each block has among some places."""
    pairs = {(block, label) for block, label in zip(*_labelled(labels, among), strict=True)}
    return np.bincount([block for block, _ in pairs], minlength=len(labels))


def _labelled(labels: np.ndarray, among: np.ndarray) -> tuple[list[int], list[int]]:
    where = (labels > 0) & among
    return np.nonzero(where)[0].tolist(), labels[where].tolist()


def are_simple(own: np.ndarray) -> np.ndarray:
    """Tell by topological numbers (Bertrand and Malandain 1994): one component on either side.

    Args:
        own: bool (n, 3, …), neighbours whose components are 26-connected (8 in 2-D); the others are
            6-connected (4) within the 18 nearest (8), and count where they touch the centre.
    """
    ndim = own.ndim - 1
    centre = (slice(None), *(1,) * ndim)
    nearest = ndimage.generate_binary_structure(ndim, 2)
    inside, outside = own.copy(), ~own & nearest
    inside[centre] = outside[centre] = False
    n_inside = labels_in_each(components(inside, np.ones((3,) * ndim)), True)
    n_outside = labels_in_each(components(outside, faces_of(ndim)), faces_of(ndim))
    return (n_inside == 1) & (n_outside == 1)


def neighbourhoods(bits: np.ndarray, ndim: int) -> np.ndarray:
    """Bool (n, 3, …) of (n, 8 or 26) bits, the centre set."""
    middle = bits.shape[1] // 2
    parts = [bits[:, :middle], np.ones((len(bits), 1), bool), bits[:, middle:]]
    return np.concatenate(parts, axis=1).reshape((len(bits), *(3,) * ndim))


def all_in_plane() -> np.ndarray:
    return neighbourhoods((np.arange(256)[:, None] >> np.arange(8) & 1).astype(bool), 2)


def many_in_space(rng: np.random.Generator, n: int = 100_000) -> np.ndarray:
    """Of every density, and of every number of neighbours near 0 and 26."""
    density = rng.uniform(0, 1, (n, 1))
    return neighbourhoods(rng.random((n, 26)) < density, 3)


def marked(own: np.ndarray) -> np.ndarray:
    """Which of n neighbourhoods the bit slices call simple."""
    volumetric = own.ndim == 4
    flat = own.reshape(len(own), -1)
    if not volumetric:
        flat = np.pad(flat, ((0, 0), (9, 9)))
    step, found = 64 * RUN, []
    for start in range(0, len(flat), step):
        some = np.zeros((27, step), np.uint8)
        some[:, : len(flat[start : start + step])] = flat[start : start + step].T
        some[13] = 0
        slices = np.zeros(SIZE, np.uint64)
        words = np.packbits(some, axis=1, bitorder="little").view(np.uint64)
        slices[: 27 * RUN] = words.ravel()
        mark_by_slices(slices, volumetric)
        result = slices[RESULT : RESULT + RUN].view(np.uint8)
        found.append(np.unpackbits(result, bitorder="little") == 0)
    return np.concatenate(found)[: len(own)]


def test_every_neighbourhood_in_the_plane_is_told():
    own = all_in_plane()
    want = are_simple(own)
    np.testing.assert_array_equal(marked(own), want)
    # The number of simple pixels among all neighbourhoods.
    assert want.sum() == 116


def assert_told(told: np.ndarray, want: np.ndarray) -> None:
    """No voxel may be called simple that is not; of the others, a flood may leave a few."""
    assert not (told & ~want).any()
    assert (want & ~told).sum() < 0.01 * len(want)
    assert want.sum() > 0.1 * len(want)


def test_neighbourhoods_in_space_are_told(rng):
    own = many_in_space(rng)
    assert_told(marked(own), are_simple(own))


@pytest.mark.parametrize("construction", ["T", "V"])
@pytest.mark.parametrize("ndim", [2, 3])
def test_critical_voxels_are_those_that_are_not_simple(rng, construction, ndim):
    before = all_in_plane() if ndim == 2 else many_in_space(rng, 1728)
    blocks = np.where(before, BEFORE, AFTER)
    blocks[(slice(None), *(1,) * ndim)] = CENTRE
    # Blocks side by side: the neighbours of a block's centre are its own.
    side = round(len(blocks) ** (1 / ndim))
    tiled = blocks.reshape(*(side,) * ndim, *(3,) * ndim)
    order = [axis for pair in zip(range(ndim), range(ndim, 2 * ndim), strict=True) for axis in pair]
    image = tiled.transpose(order).reshape((3 * side,) * ndim)
    own = before if construction == "T" else ~before
    want = are_simple(own)
    for one in volume_of(image, construction):
        centres = one.positions.reshape(image.shape)[(slice(1, None, 3),) * ndim].ravel()
        critical = one.volume.critical
        assert_told(~np.isin(centres, critical.voxels), want)
        words = dict(zip(critical.voxels.tolist(), critical.words.tolist(), strict=True))
        assert len(words) > 50
        lowest = 9 if ndim == 2 else 0
        for centre, block in zip(centres.tolist(), before, strict=True):
            if centre in words:
                earlier = block.copy()
                earlier[(1,) * ndim] = False
                word = sum(1 << lowest + int(k) for k in np.flatnonzero(earlier))
                assert words[centre] == word


def first_neighbours(image: np.ndarray, full: bool, earlier: bool) -> np.ndarray:
    """Position in the neighbourhood of the first one on that side of the order, -1 for none.

    The border comes after every voxel.
    """
    shape = (3,) * image.ndim
    faces = faces_of(image.ndim)
    padded = np.pad(image, 1, constant_values=image.max() + 1)
    index = np.arange(padded.size).reshape(padded.shape)
    found = np.full(image.shape, -1)
    for bit in reversed(range(3**image.ndim)):
        at = np.unravel_index(bit, shape)
        if all(part == 1 for part in at) or not (full or faces[at]):
            continue
        window = tuple(slice(part, part + size) for part, size in zip(at, image.shape, strict=True))
        own = (slice(1, -1),) * image.ndim
        other = (padded[window], index[window])
        lower = (other[0] < padded[own]) | ((other[0] == padded[own]) & (other[1] < index[own]))
        found[lower == earlier] = bit
    return found


IMAGES = [(9, 70), (1, 7), (13, 13), (5, 6, 40), (1, 5, 5), (7, 7, 7)]


@pytest.mark.parametrize("construction", ["T", "V"])
@pytest.mark.parametrize("shape", IMAGES, ids=str)
def test_steps_lead_to_the_first_neighbour(rng, construction, shape):
    image = rng.integers(0, 6, shape)
    ndim, top = image.ndim, construction == "T"
    for one in volume_of(image, construction):
        layout = one.volume.layout
        for kind, steps in one.steps.items():
            # T: 26-connected neighbours are earlier ones, 6-connected ones later; V the reverse.
            want = first_neighbours(image, kind == "full", top == (kind == "full"))
            steps_along = np.unravel_index(np.maximum(want, 0), (3,) * ndim)
            dz, dy, dx = (np.ones_like(want), *steps_along)[-3:]
            offset = (dz - 1) * layout.plane + (dy - 1) * layout.row + dx - 1
            offset = np.where(want < 0, 0, offset)
            got = steps[one.work.codes[one.positions]].astype(np.int64).reshape(shape)
            np.testing.assert_array_equal(got, offset)
            roots = one.work.full_roots if kind == "full" else one.work.face_roots
            bits = np.unpackbits(roots[: layout.n_words].view(np.uint8), bitorder="little")
            np.testing.assert_array_equal(
                np.flatnonzero(bits), one.positions.ravel()[(want < 0).ravel()]
            )


def ramp(shape: tuple[int, ...]) -> np.ndarray:
    """Return one way through all voxels, for walks of many steps, and walls between its turns."""
    rows = int(np.prod(shape[:-1]))
    order = np.arange(rows * shape[-1]).reshape(rows, shape[-1])
    order[1::2] = order[1::2, ::-1]
    order = order.reshape(shape)
    return np.where(np.indices(shape)[-2] % 2, order.max(), order)


@pytest.mark.parametrize("construction", ["T", "V"])
@pytest.mark.parametrize("kind", ["full", "face"])
@pytest.mark.parametrize("shape", [(9, 70), (5, 6, 40), (40, 600)], ids=str)
@pytest.mark.parametrize("plain", [True, False], ids=["ramp", "noise"])
def test_basins_are_where_steps_end(rng, construction, kind, shape, plain):
    image = ramp(shape) if plain else rng.integers(0, 4, shape)
    for one in volume_of(image, construction):
        n_words = one.volume.layout.n_words
        steps = one.steps[kind].astype(np.int64)
        roots = one.work.full_roots if kind == "full" else one.work.face_roots
        positions = one.positions.ravel().astype(one.work.ranks.dtype)
        ends = positions.astype(np.int64)
        moved, walked = True, 0
        while moved:
            step = steps[one.work.codes[ends]]
            ends, moved, walked = ends + step, bool(step.any()), walked + 1
        basins = positions.copy()
        births = basins_of_all(one.work, one.steps[kind], roots, basins, n_words)
        number = {int(root): 1 + rank for rank, root in enumerate(births)}
        want = [number.get(int(end), OUTSIDE) for end in ends]
        np.testing.assert_array_equal(basins, want)
        assert np.array_equal(births, np.sort(births))
        if plain and shape == (40, 600) and kind == "face" and construction == "V":
            # Further than walkers go without noting milestones.
            assert walked > 200
