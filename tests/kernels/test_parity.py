"""Against GUDHI, cripser and giotto-tda, on small images full of ties."""

from __future__ import annotations

from pathlib import Path

import cripser
import gudhi
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from topojax.kernels import (
    betti_curves,
    betti_curves_batch,
    betti_steps,
    euler_curve,
    persistence_pairs,
)

THRESHOLDS = np.arange(-1.5, 6.0, 0.5)
ABSENT = 1e9

properties = settings(deadline=None, max_examples=300, derandomize=True)


@st.composite
def masked_images(draw: st.DrawFn, smallest: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Integers from -1 to 5 and a mask with holes, 2-D or 3-D, also of extent 1."""
    largest = draw(st.sampled_from([(7, 7), (4, 4, 4), (1, 1, 9), (1, 5, 5), (6, 4, 3)]))
    shape = tuple(draw(st.integers(min(smallest, n), n)) for n in largest)
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    image = rng.integers(-1, draw(st.integers(0, 6)), shape)
    return image, rng.random(shape) < draw(st.sampled_from([0.4, 0.8, 1.0]))


def gudhi_bars(image: np.ndarray, mask: np.ndarray, construction: str) -> list[tuple]:
    """Bars (dimension, birth, death) that begin at a finite value, absent voxels at +inf."""
    cells = np.where(mask, image.astype(float), np.inf)
    name = "top_dimensional_cells" if construction == "T" else "vertices"
    bars = gudhi.CubicalComplex(**{name: cells}).persistence(min_persistence=0)
    return [(k, birth, death) for k, (birth, death) in bars if birth < np.inf]


def curves_of(bars: list[tuple], dimensions: int, thresholds: np.ndarray) -> np.ndarray:
    return np.array(
        [
            [sum(k == dim and birth <= t < death for k, birth, death in bars) for t in thresholds]
            for dim in range(dimensions)
        ]
    )


@pytest.mark.parametrize("construction", ["T", "V"])
@properties
@given(masked_images())
def test_curves_steps_and_euler_equal_gudhi(construction, sample):
    image, mask = sample
    want = curves_of(gudhi_bars(image, mask, construction), image.ndim, THRESHOLDS)
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


@pytest.mark.parametrize("construction", ["T", "V"])
@properties
@given(masked_images())
def test_pairs_equal_gudhi_and_their_voxels_attain_them(construction, sample):
    image, mask = sample
    bars = gudhi_bars(image, mask, construction)
    for dim in (0, image.ndim - 1):
        pairs, birth, death = persistence_pairs(image, dim, mask=mask, construction=construction)
        want = sorted((b, d) for k, b, d in bars if k == dim)
        assert sorted(map(tuple, pairs.tolist())) == want
        assert birth.dtype == death.dtype == np.int64
        np.testing.assert_array_equal(image.ravel()[birth], pairs[:, 0])
        ends = death >= 0
        np.testing.assert_array_equal(image.ravel()[death[ends]], pairs[ends, 1])
        np.testing.assert_array_equal(death[~ends], -1)
        assert np.isinf(pairs[~ends, 1]).all()
        assert mask.ravel()[birth].all()
        assert mask.ravel()[death[ends]].all()


@pytest.mark.parametrize("construction", ["T", "V"])
@settings(properties, max_examples=60)
@given(masked_images(smallest=2))
def test_curves_equal_cripser(construction, sample):
    image, mask = sample
    values = np.where(mask, image.astype(float), ABSENT)
    rows = cripser.compute_ph(values, filtration=construction, maxdim=image.ndim - 1)
    bars = [(int(row[0]), row[1], row[2]) for row in rows]
    want = curves_of(bars, image.ndim, THRESHOLDS)
    got = betti_curves(image, THRESHOLDS, mask=mask, construction=construction)
    np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("construction", ["T", "V"])
@pytest.mark.parametrize("shape", [(40, 33), (14, 15, 13)])
def test_noise_without_ties_equals_gudhi(rng, construction, shape):
    image = rng.standard_normal(shape)
    mask = rng.random(shape) < 0.9
    bars = gudhi_bars(image, mask, construction)
    thresholds = np.linspace(-2, 2, 20)
    want = curves_of(bars, len(shape), thresholds)
    got = betti_curves(image, thresholds, mask=mask, construction=construction)
    np.testing.assert_array_equal(got, want)
    for dim in (0, len(shape) - 1):
        pairs, _, _ = persistence_pairs(image, dim, mask=mask, construction=construction)
        assert sorted(map(tuple, pairs)) == sorted((b, d) for k, b, d in bars if k == dim)


def test_curves_equal_giotto(shared: Path):
    with np.load(shared / "golden" / "giotto" / "giotto.npz") as golden:
        names = sorted(key[:-6] for key in golden.files if key.endswith(".image"))
        for name in names:
            grids = golden[f"{name}.grid"]
            if (np.diff(grids, axis=1) <= 0).any():
                continue  # a dimension without bars has no grid
            image = golden[f"{name}.image"]
            (curves,) = betti_curves_batch(image[np.newaxis], grids[np.newaxis])
            # giotto's homology is reduced: the essential component is left out.
            curves[0] -= grids[0] >= image.min()
            np.testing.assert_array_equal(curves, golden[f"{name}.betti"], err_msg=name)
