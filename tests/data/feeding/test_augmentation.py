"""Augmentation: what moves where, what is kept, what repeats."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topojax.data.feeding.augmentation import Augmentation, moved

_SHAPES = st.sampled_from([(4, 7), (5, 3), (3, 4, 5), (1, 6)])


def _images(shape: tuple[int, ...], n: int = 5) -> np.ndarray:
    return np.random.default_rng(0).standard_normal((n, *shape, 2)).astype(np.float32)


@given(_SHAPES, st.integers(0, 99))
def test_a_flip_twice_is_the_identity(shape: tuple[int, ...], seed: int) -> None:
    images = _images(shape)
    flips = np.random.default_rng(seed).random((5, len(shape))) < 0.5
    still = np.zeros(flips.shape, int)
    np.testing.assert_array_equal(moved(moved(images, flips, still), flips, still), images)


@given(_SHAPES, st.integers(0, 99))
def test_movements_are_those_of_each_image_alone(shape: tuple[int, ...], seed: int) -> None:
    images = _images(shape)
    axes = tuple(range(len(shape)))
    draws = Augmentation(axes, 2).draw(np.random.default_rng(seed), 5, len(shape))
    for image, flip, shift, got in zip(images, *draws, moved(images, *draws), strict=True):
        image = np.flip(image, [axis for axis in axes if flip[axis]])
        padded = np.pad(image, [(2, 2)] * len(shape) + [(0, 0)], mode="edge")
        window = [slice(2 - s, 2 - s + n) for s, n in zip(shift, shape, strict=True)]
        np.testing.assert_array_equal(got, padded[tuple(window)])


def test_a_shift_moves_content_and_repeats_the_edge() -> None:
    image = np.arange(5.0).reshape(1, 1, 5, 1)
    for shift, expected in ((1, [0, 0, 1, 2, 3]), (-2, [2, 3, 4, 4, 4]), (9, [0] * 5)):
        got = moved(image, np.zeros((1, 2), bool), np.array([[0, shift]]))
        assert got.ravel().tolist() == expected


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_nothing_drawn_changes_nothing(dtype: type) -> None:
    images = _images((6, 5)).astype(dtype)
    got = moved(images, *Augmentation().draw(np.random.default_rng(1), 5, 2))
    np.testing.assert_array_equal(got, images)
    assert got.dtype == dtype


def test_draws_repeat_with_the_seed_and_keep_to_what_is_asked() -> None:
    augmentation = Augmentation((1,), 3)
    flips, shifts = augmentation.draw(np.random.default_rng(4), 400, 3)
    again = augmentation.draw(np.random.default_rng(4), 400, 3)
    np.testing.assert_array_equal(flips, again[0])
    np.testing.assert_array_equal(shifts, again[1])
    assert not flips[:, [0, 2]].any()
    assert 0.4 < flips[:, 1].mean() < 0.6
    assert set(shifts.ravel().tolist()) == set(range(-3, 4))
