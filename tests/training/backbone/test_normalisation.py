"""Normalisation: zero mean and unit variance a channel."""

from __future__ import annotations

import numpy as np
import pytest

from topojax.training import NetworkInputs, Normalisation


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


@pytest.mark.parametrize("channels", [(), (3,)])
def test_statistics_of_runs_are_those_of_the_whole(
    rng: np.random.Generator, channels: tuple[int, ...]
) -> None:
    shape = (50 if not channels else 17, 300, 301, *channels)  # two runs
    images = rng.standard_normal(shape, np.float32) * 2 + 3
    found = Normalisation.fit(images, 2)
    by_channel = images if channels else images[..., None]
    np.testing.assert_allclose(found.mean, by_channel.mean((0, 1, 2), np.float64), rtol=1e-12)
    np.testing.assert_allclose(found.std, by_channel.std((0, 1, 2), np.float64), rtol=1e-12)
    index = np.array([0, 3, 9])
    assert Normalisation.fit(images, 2, index) == Normalisation.fit(images[index], 2)


@pytest.mark.parametrize("channels", [(), (3,)])
def test_inputs_are_normalised_when_they_are_read(
    rng: np.random.Generator, channels: tuple[int, ...]
) -> None:
    images = rng.random((9, 4, 5, *channels), np.float32)
    normalisation, index = Normalisation.fit(images, 2), np.array([7, 2, 5, 0])
    for inputs, expected in (
        (NetworkInputs(normalisation, images, 2), normalisation(images, 2)),
        (NetworkInputs(normalisation, images, 2, index), normalisation(images[index], 2)),
    ):
        assert inputs.shape == expected.shape
        assert len(inputs) == len(expected)
        for rows in (slice(1, 3), np.array([3, 1]), np.array([[0, 1], [3, 3]])):
            np.testing.assert_array_equal(inputs[rows], expected[rows])
