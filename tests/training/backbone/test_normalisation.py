"""Normalisation: zero mean and unit variance a channel."""

from __future__ import annotations

import numpy as np
import pytest

from topojax.training import Normalisation


@pytest.mark.parametrize("channels", [(), (3,)])
def test_normalised_images_have_zero_mean_and_unit_variance(
    rng: np.random.Generator, channels: tuple[int, ...]
) -> None:
    images = rng.normal(3, 2, (30, 8, 9, *channels)).astype(np.float32)
    inputs = Normalisation.fit(images, 2)(images, 2)
    assert inputs.shape == (30, 8, 9, *(channels or (1,)))
    np.testing.assert_allclose(inputs.mean((0, 1, 2)), 0, atol=1e-5)
    np.testing.assert_allclose(inputs.std((0, 1, 2)), 1, atol=1e-5)
    constant = Normalisation.fit(np.ones((2, 4, 4), np.float32), 2)
    np.testing.assert_array_equal(constant(np.ones((1, 4, 4), np.float32), 2), 0)
