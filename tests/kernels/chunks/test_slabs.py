"""Slabs of any thickness give the curves of the whole."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracles.slab_volumes import CONSTRUCTIONS, cuttings, slabs_of, volumes
from topojax.kernels import betti_curves, betti_curves_slabs


@given(
    volumes(),
    cuttings,
    st.lists(st.integers(-3, 7), min_size=1, max_size=7, unique=True),
    st.sampled_from(CONSTRUCTIONS),
)
def test_slabs_are_the_whole(volume, cuts, thresholds, construction) -> None:
    grid = np.sort(thresholds)
    found = betti_curves_slabs(slabs_of(volume, cuts), grid, construction=construction)
    whole = betti_curves(volume, grid, construction=construction)
    np.testing.assert_array_equal(found, whole)


@pytest.mark.parametrize("construction", CONSTRUCTIONS)
@pytest.mark.parametrize("thickness", [1, 2, 5, 12])
def test_one_component_and_one_tunnel_through_all_slabs(construction: Any, thickness: int) -> None:
    """A serpentine goes up and down through every slab; its complement is in one piece, too."""
    volume = np.full((12, 5, 11), 9)
    volume[:, 2, 0:11:2] = 1
    for turn, x in enumerate(range(1, 11, 2)):
        volume[11 if turn % 2 == 0 else 0, 2, x] = 1
    slabs = [volume[i : i + thickness] for i in range(0, 12, thickness)]
    found = betti_curves_slabs(slabs, [1, 9], construction=construction)
    np.testing.assert_array_equal(found, betti_curves(volume, [1, 9], construction=construction))
    if construction == "V":
        assert found[:, 0].tolist() == [1, 0, 0]
    shell = np.ones((9, 7, 7), np.uint8)
    shell[1:8, 1:6, 1:6] = 7
    slabs = [shell[i : i + thickness] for i in range(0, 9, thickness)]
    found = betti_curves_slabs(slabs, [1], construction=construction)
    assert found.ravel().tolist() == [1, 0, 1]


def test_masked_voxels_are_absent(rng: np.random.Generator) -> None:
    volume = rng.integers(0, 4, (5, 4, 6)).astype(np.float32)
    hidden = rng.random(volume.shape) < 0.3
    masked = np.ma.array(volume, mask=hidden)
    found = betti_curves_slabs([masked[:2], masked[2:]], [0, 1, 2])
    np.testing.assert_array_equal(found, betti_curves(volume, [0, 1, 2], mask=~hidden))


def test_slabs_may_be_made_when_they_are_asked_for() -> None:
    made = []

    def slabs():
        for i in range(4):
            made.append(i)
            yield np.full((1, 2, 2), i)

    assert betti_curves_slabs(slabs(), [0, 3])[0].tolist() == [1, 1]
    assert made == [0, 1, 2, 3]
    assert betti_curves_slabs([], [0, 3]).tolist() == [[0, 0]] * 3


@pytest.mark.parametrize(
    ("slabs", "thresholds", "words"),
    [
        ([np.zeros((2, 3))], [0], r"slab 0 has shape \(2, 3\)"),
        ([np.zeros((1, 2, 3)), np.zeros((1, 3, 2))], [0], r"slab 1 has planes of \(3, 2\)"),
        ([np.zeros((0, 2, 3))], [0], "none of 0"),
        ([np.zeros((1, 2, 3)), np.full((1, 2, 3), np.nan)], [0], "slab 1 has NaN"),
        ([np.zeros((1, 2, 3))], [1, 0], "increas"),
        ([np.zeros((1, 2, 3))], np.arange(2**16), "at most 65535"),
        ([np.broadcast_to(np.uint8(0), (2**11, 2**10, 2**10))], [0], "cut smaller ones"),
    ],
)
def test_slabs_that_cannot_be_used(slabs, thresholds, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        betti_curves_slabs(slabs, thresholds)
    with pytest.raises(ValueError, match="construction"):
        betti_curves_slabs([], [0], construction="W")  # type: ignore[arg-type]
