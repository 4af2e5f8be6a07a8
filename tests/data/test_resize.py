"""Linear resizing with half-pixel centres."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from topojax.data import resize_images
from topojax.errors import ConfigError


def test_a_line_by_hand() -> None:
    image = np.array([[[0, 1], [0, 1]]], np.float32)
    np.testing.assert_allclose(resize_images(image, 4, 2)[0, 0], [0, 0.25, 0.75, 1])


@pytest.mark.parametrize(
    ("shape", "dims"), [((70, 9, 11), 2), ((3, 9, 11, 3), 2), ((3, 7, 6, 5), 3)]
)
@pytest.mark.parametrize("size", [5, 16])
def test_equals_jax_on_the_whole(
    rng: np.random.Generator, shape: tuple[int, ...], dims: int, size: int
) -> None:
    images = rng.random(shape, np.float32)
    target = (shape[0], *(size,) * dims, *shape[1 + dims :])
    expected = jax.image.resize(images, target, "linear")
    np.testing.assert_allclose(resize_images(images, size, dims), expected, atol=1e-6)


def test_the_same_size_is_left_alone(rng: np.random.Generator) -> None:
    images = rng.random((2, 8, 8), np.float32)
    np.testing.assert_array_equal(resize_images(images, 8, 2), images)


def test_constants_stay_constant() -> None:
    resized = resize_images(np.full((1, 6, 7, 8), 0.3, np.float32), 11, 3)
    np.testing.assert_allclose(resized, 0.3, atol=1e-6)


def test_no_size_below_one() -> None:
    with pytest.raises(ConfigError, match="size=0"):
        resize_images(np.zeros((1, 4, 4), np.float32), 0, 2)
