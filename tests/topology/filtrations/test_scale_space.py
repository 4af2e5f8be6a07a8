"""Filters of scale space against scipy's own functions."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage

from topojax.topology import filtered

SHAPES = st.one_of(
    st.tuples(st.integers(1, 3), st.integers(1, 9), st.integers(1, 9)),
    st.tuples(st.integers(1, 2), st.integers(1, 5), st.integers(1, 6), st.integers(1, 7)),
)
IMAGES = arrays(np.float32, SHAPES, elements=st.floats(-100, 100, width=32))
SIGMAS = st.floats(0.2, 5).map(lambda sigma: round(sigma, 2))

SCIPYS: dict[str, Callable[[np.ndarray, float], np.ndarray]] = {
    "gaussian": lambda x, s: ndimage.gaussian_filter(x, s),
    "log": lambda x, s: s**2 * ndimage.gaussian_laplace(x, s),
    "gradient": lambda x, s: s * ndimage.gaussian_gradient_magnitude(x, s),
}


@pytest.mark.parametrize("name", SCIPYS)
@given(images=IMAGES, sigma=SIGMAS)
def test_filters_are_scipys(name: str, images: np.ndarray, sigma: float) -> None:
    found = filtered(images, f"{name}:{sigma}", n_threads=1)
    assert found.dtype == np.float32
    for image, values in zip(images.astype(np.float64), found, strict=True):
        # Float32 between the passes, of images up to 100 and kernels of up to 1 / sigma^2.
        np.testing.assert_allclose(values, SCIPYS[name](image, sigma), rtol=1e-5, atol=2e-3)


@pytest.mark.parametrize("name", ["gaussian:1", "gaussian:3", "log:1", "log:2", "gradient:1"])
@pytest.mark.parametrize("value", [0.0, 0.3, -7.1])
def test_flat_ground_stays_flat(name: str, value: float) -> None:
    images = np.full((1, 24, 24, 24), value, np.float32)
    assert len(np.unique(filtered(images, name))) == 1
    images[0, 0, 0, 0] = 9.0
    far = filtered(images, name)[0, 14:, 14:, 14:]
    assert len(np.unique(far)) == 1


def test_a_bright_spot_is_low_and_a_dark_one_high_under_log() -> None:
    images = np.zeros((2, 9, 9), np.float32)
    images[:, 4, 4] = [1, -1]
    bright, dark = filtered(images, "log:1")
    assert np.unravel_index(bright.argmin(), bright.shape) == (4, 4)
    assert np.unravel_index(dark.argmax(), dark.shape) == (4, 4)
