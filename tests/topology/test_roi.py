"""Images of ROIs: what +inf and masks say, what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from topojax.errors import DataError
from topojax.topology import roi_images

IMAGES = np.arange(12.0).reshape(2, 2, 3)


def test_outside_the_mask_is_infinite_and_inside_unchanged() -> None:
    masks = IMAGES > 4
    marked = roi_images(IMAGES, masks)
    np.testing.assert_array_equal(marked[masks], IMAGES[masks])
    assert np.isposinf(marked[~masks]).all()


def test_absent_voxels_and_masks_add_up() -> None:
    once = roi_images(IMAGES, IMAGES > 4)
    twice = roi_images(once, IMAGES < 9)
    np.testing.assert_array_equal(twice < np.inf, (IMAGES > 4) & (IMAGES < 9))


@pytest.mark.parametrize(
    ("dtype", "result"),
    [
        (bool, np.float32),
        (np.uint8, np.float32),
        (np.float16, np.float32),
        (np.float32, np.float32),
        (np.int32, np.float64),
        (np.float64, np.float64),
    ],
)
def test_dtypes_keep_every_value(dtype: type, result: type) -> None:
    images = IMAGES.astype(dtype)
    marked = roi_images(images)
    assert marked.dtype == result
    np.testing.assert_array_equal(marked, images)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (IMAGES[0], r"X has shape \(2, 3\); expected \(B, H, W\)"),
        (IMAGES[:0], "at least one image"),
        (IMAGES.astype(complex), "X has dtype complex128"),
        (np.where(IMAGES == 3, np.nan, IMAGES), "X has NaN"),
        (np.where(IMAGES == 3, -np.inf, IMAGES), "X has -inf"),
        (np.full((1, 2, 2), 2**53 + 1), r"beyond 2\^53"),
    ],
)
def test_images_that_cannot_be_used_are_refused(images: np.ndarray, message: str) -> None:
    with pytest.raises(DataError, match=message):
        roi_images(images)


@pytest.mark.parametrize(
    ("masks", "message"),
    [(np.ones(IMAGES.shape), "masks has dtype float64"), (IMAGES[:1] > 0, "masks has shape")],
)
def test_masks_that_cannot_be_used_are_refused(masks: np.ndarray, message: str) -> None:
    with pytest.raises(DataError, match=message):
        roi_images(IMAGES, masks)
