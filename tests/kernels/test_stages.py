"""Stages alone, against definitions by brute force: local components, first neighbours, basins."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numba
import numpy as np
import pytest
from scipy import ndimage

from topojax.kernels.padded.layout import RUN, Layout
from topojax.kernels.padded.workspace import Workspace, borrowed_workspace
from topojax.kernels.simple.neighbour_lanes import NONE, spread_eight, spread_six
from topojax.kernels.simple.neighbourhood import (
    CENTRE,
    CORNERS,
    FACES,
    IN_PLANE,
    IN_SPACE,
    PLANE_CORNERS,
    offset_of,
    touches,
)
from topojax.kernels.simple.representatives import (
    CORNER,
    CRITICAL,
    FACE,
    SIZE,
    represent_in_plane,
    represent_in_space,
)
from topojax.kernels.simple.volume import load_volume
from topojax.kernels.tree.basins import OUTSIDE, find_basins, rank_bits
from topojax.kernels.tree.directions import Direction, side_of
from topojax.kernels.tree.meetings import find_neighbours, slopes_of

BEFORE, MIDDLE, AFTER = 0, 1, 2


@numba.njit
def represent(slices: np.ndarray, volumetric: bool, full: np.ndarray, face: np.ndarray) -> None:
    if volumetric:
        represent_in_space(slices)
    else:
        represent_in_plane(slices)
    for j in range(RUN):
        spread_eight(slices, CORNER + j, RUN, full, 64 * j)
        spread_six(slices, FACE + j, RUN, face, 64 * j)


@numba.njit
def ready(
    work: Workspace,
    values: np.ndarray,
    mask: np.ndarray,
    grid: np.ndarray,
    volumetric: bool,
    top: bool,
) -> tuple[Layout, np.ndarray, np.ndarray]:
    """The layout, and the steps of codes and of face representatives."""
    _, layout = load_volume(work, values, mask, grid, volumetric, top)
    full = side_of(work, Direction(True, True), layout)
    face = side_of(work, Direction(True, False), layout)
    return layout, full.steps, face.steps


@numba.njit
def basins_of_all(work: Workspace, full: bool, layout: Layout, positions: np.ndarray) -> np.ndarray:
    """Replace positions by their basins; return the roots."""
    side = side_of(work, Direction(True, full), layout)
    births = rank_bits(side.roots, layout.n_words, work.ranks)
    find_basins(slopes_of(work, side, layout), positions)
    return births


@numba.njit
def neighbours_of(
    work: Workspace, direction: Direction, layout: Layout, voxels: np.ndarray, found: np.ndarray
) -> None:
    """Replace a representative of each voxel by a neighbour in its component."""
    find_neighbours(work.levels, side_of(work, direction, layout), voxels, found)


class Ready(NamedTuple):
    """A volume made ready; positions are of the image's voxels, in its shape."""

    work: Workspace
    layout: Layout
    steps: dict[str, np.ndarray]
    positions: np.ndarray

    def codes(self, kind: str) -> np.ndarray:
        return self.work.codes if kind == "full" else self.work.face

    def marked(self, bits: np.ndarray) -> np.ndarray:
        """Positions whose bits are set."""
        words = bits[: self.layout.n_words].view(np.uint8)
        return np.flatnonzero(np.unpackbits(words, bitorder="little"))


def volume_of(image: np.ndarray, construction: str) -> Iterator[Ready]:
    """Make whole numbers from 0 on their own levels."""
    volumetric = image.ndim == 3
    values = image.reshape((-1, *image.shape[-2:])).astype(np.float32)
    grid = np.arange(image.max() + 1.0)
    with borrowed_workspace(values.shape, grid.size, volumetric) as work:
        nowhere = np.empty((0, 0, 0), np.bool_)
        layout, full, face = ready(work, values, nowhere, grid, volumetric, construction == "T")
        z, y, x = np.indices(values.shape)
        positions = layout.first + z * layout.plane + y * layout.row + x
        yield Ready(work, layout, {"full": full, "face": face}, positions.reshape(image.shape))


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


class Local(NamedTuple):
    """Local components of n neighbourhoods, labelled (n, 3, …), and how many there are, (n,)."""

    full: np.ndarray
    face: np.ndarray
    n_full: np.ndarray
    n_face: np.ndarray


def local_components(own: np.ndarray) -> Local:
    """Topological numbers, by flood fill (Bertrand and Malandain 1994).

    Args:
        own: bool (n, 3, …), neighbours whose components are 26-connected (8 in 2-D); the others are
            6-connected (4) within the 18 nearest (8), and count where they touch the centre.
    """
    ndim = own.ndim - 1
    centre = (slice(None), *(1,) * ndim)
    nearest = ndimage.generate_binary_structure(ndim, 2)
    inside, outside = own.copy(), ~own & nearest
    inside[centre] = outside[centre] = False
    full = components(inside, np.ones((3,) * ndim))
    face = components(outside, faces_of(ndim))
    n_face = labels_in_each(face, faces_of(ndim))
    return Local(full, face, labels_in_each(full, np.ones((3,) * ndim, bool)), n_face)


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


def represented(own: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Representatives at corners and faces, uint8 (n,), and who is critical, bool (n,)."""
    volumetric = own.ndim == 4
    flat = own.reshape(len(own), -1)
    if not volumetric:
        flat = np.pad(flat, ((0, 0), (9, 9)))
    step, found = 64 * RUN, []
    for start in range(0, len(flat), step):
        some = np.zeros((27, step), np.uint8)
        some[:, : len(flat[start : start + step])] = flat[start : start + step].T
        some[CENTRE] = 0
        slices = np.zeros(SIZE, np.uint64)
        words = np.packbits(some, axis=1, bitorder="little").view(np.uint64)
        slices[: 27 * RUN] = words.ravel()
        full, face = np.empty(step, np.uint8), np.empty(step, np.uint8)
        represent(slices, volumetric, full, face)
        critical = slices[CRITICAL : CRITICAL + RUN].view(np.uint8)
        found.append((full, face, np.unpackbits(critical, bitorder="little") > 0))
    full, face, critical = (np.concatenate(part)[: len(own)] for part in zip(*found, strict=True))
    return full, face, critical


def touched(ndim: int) -> tuple[np.ndarray, np.ndarray]:
    """Which neighbours, bool (k, 3, …), belong to corner k, and to face k."""
    corners, faces = (CORNERS, FACES) if ndim == 3 else (PLANE_CORNERS, FACES[:4])
    shift = 0 if ndim == 3 else 9
    shape = (len(corners), *(3,) * ndim)
    at_corner = np.zeros((len(corners), 3**ndim), bool)
    for k, corner in enumerate(corners):
        for n in range(3**ndim):
            at_corner[k, n] = n + shift != CENTRE and touches(n + shift, corner)
    at_face = np.zeros((len(faces), 3**ndim), bool)
    at_face[np.arange(len(faces)), np.array(faces) - shift] = True
    return at_corner.reshape(shape), at_face.reshape((len(faces), *shape[1:]))


def labels_of_representatives(
    labels: np.ndarray, found: np.ndarray, places: np.ndarray
) -> list[list[int]]:
    """The labels at the places of each neighbourhood's representatives."""
    flat, places = labels.reshape(len(labels), -1), places.reshape(len(places), -1)
    named: list[list[int]] = []
    for own, bits in zip(flat, found.tolist(), strict=True):
        there = [set(own[place]) - {0} for k, place in enumerate(places) if bits >> k & 1]
        # A corner's neighbours are one component.
        assert all(len(labels) == 1 for labels in there)
        named.append([label for labels in there for label in labels])
    return named


@pytest.mark.parametrize("ndim", [2, 3])
def test_every_local_component_has_one_representative(rng, ndim):
    own = all_in_plane() if ndim == 2 else many_in_space(rng, 20_000)
    full, face, critical = represented(own)
    local = local_components(own)
    for found, labels, count, places in zip(
        (full, face), local[:2], local[2:], touched(ndim), strict=True
    ):
        np.testing.assert_array_equal(np.bitwise_count(found), count)
        named = labels_of_representatives(labels, found, places)
        assert [len(set(labels)) for labels in named] == count.tolist()
    simple = (local.n_full == 1) & (local.n_face == 1)
    np.testing.assert_array_equal(~critical, simple)
    # The number of simple pixels among all neighbourhoods of 2-D.
    assert simple.sum() == 116 if ndim == 2 else simple.sum() > 2000
    assert {0, 1, 2, 3}.issubset(local.n_full)


def test_neighbourhoods_in_space_have_as_many_representatives_as_components(rng):
    own = many_in_space(rng)
    full, face, _ = represented(own)
    local = local_components(own)
    np.testing.assert_array_equal(np.bitwise_count(full), local.n_full)
    np.testing.assert_array_equal(np.bitwise_count(face), local.n_face)


def flat_offset(layout: Layout, neighbour: int) -> int:
    dz, dy, dx = offset_of(neighbour)
    return dz * layout.plane + dy * layout.row + dx


@pytest.mark.parametrize("construction", ["T", "V"])
@pytest.mark.parametrize("ndim", [2, 3])
def test_voxels_know_the_components_that_they_meet(rng, construction, ndim):
    before = all_in_plane() if ndim == 2 else many_in_space(rng, 1728)
    blocks = np.where(before, BEFORE, AFTER)
    blocks[(slice(None), *(1,) * ndim)] = MIDDLE
    # Blocks side by side: the neighbours of a block's centre are its own.
    side = round(len(blocks) ** (1 / ndim))
    tiled = blocks.reshape(*(side,) * ndim, *(3,) * ndim)
    order = [axis for pair in zip(range(ndim), range(ndim, 2 * ndim), strict=True) for axis in pair]
    image = tiled.transpose(order).reshape((3 * side,) * ndim)
    own = before if construction == "T" else ~before
    local = local_components(own)
    shift = 9 if ndim == 2 else 0
    for one in volume_of(image, construction):
        work, layout = one.work, one.layout
        centres = one.positions[(slice(1, None, 3),) * ndim].ravel()
        simple = (local.n_full == 1) & (local.n_face == 1)
        np.testing.assert_array_equal(~np.isin(centres, one.marked(work.critical)), simple)
        for full, bytes_, count in (
            (True, work.full, local.n_full),
            (False, work.face, local.n_face),
        ):
            np.testing.assert_array_equal(np.bitwise_count(bytes_[centres]), count)
            merges = one.marked(work.full_merges if full else work.face_merges)
            np.testing.assert_array_equal(np.isin(centres, merges), count > 1)
            # 26-connected neighbours of T are earlier ones.
            direction = Direction(full == (construction == "T"), full)
            numbers = {flat_offset(layout, n): n for n in (IN_SPACE if ndim == 3 else IN_PLANE)}
            labels = (local.full if full else local.face).reshape(len(own), -1)
            blocks_of, found = np.nonzero(bytes_[centres, np.newaxis] >> np.arange(8) & 1)
            voxels, at = centres[blocks_of], found.copy()
            neighbours_of(work, direction, layout, voxels, at)
            places = np.array([numbers[offset] for offset in (at - voxels).tolist()])
            met = labels[blocks_of, places - shift]
            assert met.all()
            pairs = np.unique(np.stack([blocks_of, met]), axis=1)
            np.testing.assert_array_equal(np.bincount(pairs[0], minlength=len(own)), count)


def first_neighbours(image: np.ndarray, full: bool, earlier: bool) -> np.ndarray:
    """Number of the first choice among the neighbours on that side of the order, or `NONE`.

    The border comes after every voxel.
    """
    padded = np.pad(image, 1, constant_values=image.max() + 1)
    index = np.arange(padded.size).reshape(padded.shape)
    found = np.full(image.shape, NONE)
    choices = (IN_SPACE if image.ndim == 3 else IN_PLANE) if full else FACES[: 2 * image.ndim]
    for number in reversed(choices):
        at = (number // 9, number // 3 % 3, number % 3)[-image.ndim :]
        window = tuple(slice(part, part + size) for part, size in zip(at, image.shape, strict=True))
        own = (slice(1, -1),) * image.ndim
        other = (padded[window], index[window])
        lower = (other[0] < padded[own]) | ((other[0] == padded[own]) & (other[1] < index[own]))
        found[lower == earlier] = number
    return found


IMAGES = [(9, 70), (1, 7), (13, 13), (5, 6, 40), (1, 5, 5), (7, 7, 7)]


@pytest.mark.parametrize("construction", ["T", "V"])
@pytest.mark.parametrize("shape", IMAGES, ids=str)
def test_steps_lead_to_the_first_neighbour(rng, construction, shape):
    image = rng.integers(0, 6, shape)
    top = construction == "T"
    for one in volume_of(image, construction):
        layout = one.layout
        for kind, steps in one.steps.items():
            # T: 26-connected neighbours are earlier ones, 6-connected ones later; V the reverse.
            want = first_neighbours(image, kind == "full", top == (kind == "full"))
            dz, dy, dx = want // 9 - 1, want // 3 % 3 - 1, want % 3 - 1
            offset = np.where(want == NONE, 0, dz * layout.plane + dy * layout.row + dx)
            got = steps[one.codes(kind)[one.positions]].astype(np.int64)
            np.testing.assert_array_equal(got, offset)
            roots = one.work.full_roots if kind == "full" else one.work.face_roots
            np.testing.assert_array_equal(one.marked(roots), one.positions[want == NONE])


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
        steps = one.steps[kind].astype(np.int64)
        positions = one.positions.ravel().astype(one.work.ranks.dtype)
        ends = positions.astype(np.int64)
        moved, walked = True, 0
        while moved:
            step = steps[one.codes(kind)[ends]]
            ends, moved, walked = ends + step, bool(step.any()), walked + 1
        basins = positions.copy()
        births = basins_of_all(one.work, kind == "full", one.layout, basins)
        number = {int(root): 1 + rank for rank, root in enumerate(births)}
        want = [number.get(int(end), OUTSIDE) for end in ends]
        np.testing.assert_array_equal(basins, want)
        assert np.array_equal(births, np.sort(births))
        if plain and shape == (40, 600) and kind == "face" and construction == "V":
            # Further than walkers go without noting milestones.
            assert walked > 200
