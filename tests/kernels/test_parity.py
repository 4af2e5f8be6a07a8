"""Against GUDHI, cripser and giotto-tda, on small images full of ties."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oracles.bars import betti_numbers, sorted_bars
from oracles.cripser_bars import cripser_bars
from oracles.giotto_curves import giotto_curves, giotto_diagrams, giotto_fit_grids
from oracles.gudhi_bars import gudhi_bars, gudhi_betti_curves
from topojax.kernels import (
    betti_curves,
    betti_curves_batch,
    betti_steps,
    euler_curve,
    persistence_pairs,
)

THRESHOLDS = np.arange(-1.5, 6.0, 0.5)

properties = settings(deadline=None, max_examples=300, derandomize=True)


@st.composite
def masked_images(draw: st.DrawFn, smallest: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Integers from -1 to 5 and a mask with holes, 2-D or 3-D, also of extent 1."""
    largest = draw(st.sampled_from([(5, 4, 4), (7, 7), (1, 1, 9), (1, 5, 5), (6, 4, 3)]))
    smaller = tuple(draw(st.integers(min(smallest, n), n)) for n in largest)
    shape = draw(st.sampled_from([largest, smaller]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    image = rng.integers(-1, draw(st.integers(0, 6)), shape)
    mask = rng.random(shape) < draw(st.sampled_from([0.4, 0.8, 1.0]))
    if min(shape) >= 3 and draw(st.sampled_from([True, False])):
        # Chance encloses next to nothing in images so small: a wall around a higher voxel.
        corner = [rng.integers(n - 2) for n in shape]
        wall = tuple(slice(start, start + 3) for start in corner)
        image[wall], mask[wall] = -1, True
        image[tuple(start + 1 for start in corner)] = rng.integers(0, 5)
    return image, mask


def assert_each_dimension_was_seen(seen: Counter) -> None:
    """Refuse a comparison of nothing with nothing: images without a tunnel or a cavity."""
    assert set(seen) == {0, 1, 2}
    assert min(seen.values()) >= 10, seen


@pytest.mark.parametrize("construction", ["T", "V"])
def test_curves_steps_and_euler_equal_gudhi(construction):
    seen = Counter()

    @properties
    @given(masked_images())
    def compare(sample):
        image, mask = sample
        want = gudhi_betti_curves(image, THRESHOLDS, mask, construction)
        got = betti_curves(image, THRESHOLDS, mask=mask, construction=construction)
        np.testing.assert_array_equal(got, want)

        values, betti = betti_steps(image, mask=mask, construction=construction)
        padded = np.pad(betti, ((0, 0), (1, 0)))
        at = np.searchsorted(values, THRESHOLDS, side="right")
        np.testing.assert_array_equal(padded[:, at], want)
        assert np.diff(padded, axis=1).any(axis=0).all(), "a step without a change"

        signs = (-1) ** np.arange(image.ndim)
        euler = euler_curve(image, THRESHOLDS, mask=mask, construction=construction)
        np.testing.assert_array_equal(euler, signs @ want)
        seen.update(np.flatnonzero(want.any(axis=1)).tolist())

    compare()
    assert_each_dimension_was_seen(seen)


@pytest.mark.parametrize("construction", ["T", "V"])
def test_pairs_equal_gudhi_and_their_voxels_attain_them(construction):
    seen = Counter()

    @properties
    @given(masked_images())
    def compare(sample):
        image, mask = sample
        bars = gudhi_bars(image, mask, construction)
        for dim in range(image.ndim):
            pairs, birth, death = persistence_pairs(
                image, dim, mask=mask, construction=construction
            )
            assert sorted_bars(pairs) == sorted_bars(bars[dim])
            assert birth.dtype == death.dtype == np.int64
            np.testing.assert_array_equal(image.ravel()[birth], pairs[:, 0])
            ends = death >= 0
            np.testing.assert_array_equal(image.ravel()[death[ends]], pairs[ends, 1])
            np.testing.assert_array_equal(death[~ends], -1)
            assert np.isinf(pairs[~ends, 1]).all()
            assert mask.ravel()[birth].all()
            assert mask.ravel()[death[ends]].all()
            seen[dim] += len(pairs)

    compare()
    assert_each_dimension_was_seen(seen)


@pytest.mark.parametrize("construction", ["T", "V"])
def test_curves_equal_cripser(construction):
    seen = Counter()

    @settings(properties, max_examples=60)
    @given(masked_images(smallest=2))
    def compare(sample):
        image, mask = sample
        want = betti_numbers(cripser_bars(image, mask, construction), THRESHOLDS)
        got = betti_curves(image, THRESHOLDS, mask=mask, construction=construction)
        np.testing.assert_array_equal(got, want)
        seen.update(np.flatnonzero(want.any(axis=1)).tolist())

    compare()
    assert_each_dimension_was_seen(seen)


@pytest.mark.parametrize("construction", ["T", "V"])
@pytest.mark.parametrize("shape", [(40, 33), (14, 15, 13)])
def test_noise_without_ties_equals_gudhi(rng, construction, shape):
    image = rng.standard_normal(shape)
    mask = rng.random(shape) < 0.9
    bars = gudhi_bars(image, mask, construction)
    thresholds = np.linspace(-2, 2, 20)
    want = betti_numbers(bars, thresholds)
    got = betti_curves(image, thresholds, mask=mask, construction=construction)
    np.testing.assert_array_equal(got, want)
    for dim in range(len(shape)):
        pairs, _, _ = persistence_pairs(image, dim, mask=mask, construction=construction)
        assert sorted_bars(pairs) == sorted_bars(bars[dim])
        assert len(pairs) > 10


@pytest.mark.parametrize("shape", [(28, 28), (9, 12, 7)])
def test_curves_on_a_grid_a_dimension_equal_giottos(rng, shape):
    images = np.stack([rng.random(shape), rng.integers(0, 256, shape), -rng.random(shape)])
    diagrams = [giotto_diagrams(image) for image in images]
    grids = np.stack([giotto_fit_grids([one], 50) for one in diagrams])
    curves = betti_curves_batch(images, grids)
    for image, one, grid, found in zip(images, diagrams, grids, curves, strict=True):
        # giotto's homology is reduced: the essential component is left out.
        found[0] -= grid[0] >= image.min()
        np.testing.assert_array_equal(found, giotto_curves(one, grid))
    assert (curves.max(axis=2) > 0).all()


def test_curves_equal_giottos_own(shared: Path):
    with np.load(shared / "golden" / "giotto" / "giotto.npz") as golden:
        cases = {key[:-6] for key in golden.files if key.endswith(".image")}
        # A dimension without bars has no grid.
        without = {case for case in cases if (np.diff(golden[f"{case}.grid"]) <= 0).any()}
        assert (len(cases), without) == (19, {"constant3d_6"})
        for case in cases - without:
            image, grids = golden[f"{case}.image"], golden[f"{case}.grid"]
            (curves,) = betti_curves_batch(image[np.newaxis], grids[np.newaxis])
            curves[0] -= grids[0] >= image.min()
            np.testing.assert_array_equal(curves, golden[f"{case}.betti"], err_msg=case)
