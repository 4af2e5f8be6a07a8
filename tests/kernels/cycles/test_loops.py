"""Pairs of dimension 1 of volumes: GUDHI, cripser, closed forms, Euler's formula."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oracles.bars import sorted_bars
from oracles.cripser_bars import cripser_bars
from oracles.gudhi_bars import gudhi_bars
from topojax.kernels import betti_curves, persistence_pairs
from topojax.kernels.cycles.pairing import check_size


@st.composite
def volumes(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Few integers or none equal, float32 or float64, thin or not, absent by mask or by +inf."""
    largest = draw(st.sampled_from([(5, 5, 5), (4, 6, 7), (1, 7, 7), (2, 2, 9), (3, 6, 6)]))
    shape = draw(st.permutations(largest))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    n_values = draw(st.sampled_from([1, 2, 3, 4, 0]))
    image = (rng.integers(0, n_values, shape) if n_values else rng.normal(size=shape)).astype(dtype)
    mask = rng.random(shape) < draw(st.sampled_from([0.5, 0.85, 1.0]))
    image[rng.random(shape) < draw(st.sampled_from([0.0, 0.1]))] = np.inf
    return image, mask


@pytest.mark.parametrize("construction", ["T", "V"])
def test_bars_equal_gudhi_and_their_voxels_attain_them(construction):
    seen = Counter()

    @settings(deadline=None, max_examples=300, derandomize=True)
    @given(volumes())
    def compare(sample):
        image, mask = sample
        pairs, birth, death = persistence_pairs(image, 1, mask=mask, construction=construction)
        assert sorted_bars(pairs) == sorted_bars(gudhi_bars(image, mask, construction)[1])
        assert (birth.dtype, death.dtype) == (np.int64, np.int64)
        np.testing.assert_array_equal(image.ravel()[birth], pairs[:, 0])
        ends = death >= 0
        np.testing.assert_array_equal(image.ravel()[death[ends]], pairs[ends, 1])
        assert np.isinf(pairs[~ends, 1]).all()
        assert (death[~ends] == -1).all()
        assert mask.ravel()[np.concatenate([birth, death[ends]])].all()
        seen.update(ends=int(ends.sum()), never=int((~ends).sum()))

    compare()
    assert min(seen.values()) >= 200, seen


@pytest.mark.parametrize("construction", ["T", "V"])
def test_bars_equal_cripser(construction):
    seen = 0

    @settings(deadline=None, max_examples=60, derandomize=True)
    @given(volumes())
    def compare(sample):
        nonlocal seen
        image, mask = sample
        # cripser takes no axis of one voxel.
        if min(image.shape) > 1:
            pairs = persistence_pairs(image, 1, mask=mask, construction=construction)[0]
            assert sorted_bars(pairs) == sorted_bars(cripser_bars(image, mask, construction)[1])
            seen += len(pairs)

    compare()
    assert seen > 100


@pytest.mark.parametrize("construction", ["T", "V"])
@pytest.mark.parametrize("n_values", [3, 40, 100_000])
def test_larger_volumes_equal_cripser(rng, construction, n_values):
    image = rng.integers(0, n_values, (24, 24, 24)).astype(np.float32)
    pairs = persistence_pairs(image, 1, construction=construction)[0]
    assert len(pairs) > 1000
    assert sorted_bars(pairs) == sorted_bars(cripser_bars(image, None, construction)[1])
    thresholds = np.linspace(-1, n_values, 50)
    alive = (pairs[:, :1] <= thresholds) & (thresholds < pairs[:, 1:])
    curves = betti_curves(image, thresholds, construction=construction)
    np.testing.assert_array_equal(alive.sum(axis=0), curves[1])


def rings(shape: tuple[int, int, int], *sides: tuple[slice | int, ...]) -> np.ndarray:
    inside = np.zeros(shape, bool)
    for side in sides:
        inside[side] = True
    return inside


def one_ring() -> np.ndarray:
    return rings((3, 7, 7), np.s_[1, 1:6, 1:6]) & ~rings((3, 7, 7), np.s_[1, 2:5, 2:5])


def two_linked_rings() -> np.ndarray:
    shape = (9, 9, 12)
    flat = rings(shape, np.s_[4, 1:8, 1:8]) & ~rings(shape, np.s_[4, 2:7, 2:7])
    upright = rings(shape, np.s_[1:8, 4, 4:11]) & ~rings(shape, np.s_[2:7, 4, 5:10])
    return flat | upright


def frame() -> np.ndarray:
    at_end = np.isin(np.arange(7), (0, 6))
    return np.add.reduce(np.meshgrid(at_end, at_end, at_end, indexing="ij"), dtype=int) >= 2


@pytest.mark.parametrize("construction", ["T", "V"])
@pytest.mark.parametrize(("solid", "number"), [(one_ring, 1), (two_linked_rings, 2), (frame, 5)])
def test_solids(construction, solid, number):
    inside = solid()
    image = np.where(inside, 1, 7)
    bars = persistence_pairs(image, 1, construction=construction)[0]
    assert bars.tolist() == [[1, 7]] * number
    pairs, birth, death = persistence_pairs(image, 1, mask=inside, construction=construction)
    assert pairs.tolist() == [[1, np.inf]] * number
    assert inside.ravel()[birth].all()
    assert death.tolist() == [-1] * number


@pytest.mark.parametrize("construction", ["T", "V"])
def test_a_loop_is_born_where_it_closes_and_dies_where_it_is_filled(construction):
    image = np.full((3, 7, 7), 9.0)
    image[1, 1:6, 1:6] = 1.0
    image[1, 2:5, 2:5] = 4.0
    image[1, 1, 3], image[1, 3, 3] = 2.0, 5.0
    pairs, birth, death = persistence_pairs(image, 1, construction=construction)
    assert pairs.tolist() == [[2.0, 5.0]]
    assert birth.tolist() == [np.ravel_multi_index((1, 1, 3), image.shape)]
    assert death.tolist() == [np.ravel_multi_index((1, 3, 3), image.shape)]


@pytest.mark.parametrize("construction", ["T", "V"])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_loop_grows_from_the_top_of_a_cone_to_its_foot(construction, axis):
    # The cycle has more voxels at the end than the queue has room for at the start.
    radius = np.abs(np.indices((301, 301)) - 150).max(axis=0)
    cone = np.expand_dims(-radius, axis)
    pairs, birth, death = persistence_pairs(cone, 1, construction=construction)
    assert pairs.tolist() == [[-150.0, 0.0]]
    assert cone.ravel()[birth] == -150
    assert death.tolist() == [150 * 301 + 150]


def test_too_many_voxels_are_refused():
    check_size((1600, 1600, 1600))
    with pytest.raises(ValueError, match=r"shape \(1700, 1700, 1700\); expected at most 42949"):
        check_size((1700, 1700, 1700))
