"""What counts as images and labels, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from topojax.data import Dataset, Split, validate_dataset, validate_images, validate_labels
from topojax.errors import DataError


@pytest.mark.parametrize(
    ("shape", "asked", "dims", "kept"),
    [
        ((5, 8, 9), None, 2, (5, 8, 9)),
        ((5, 8, 9, 3), 2, 2, (5, 8, 9, 3)),
        ((5, 8, 9, 3), 3, 3, (5, 8, 9, 3)),
        ((5, 8, 9, 1), 2, 2, (5, 8, 9)),
        ((5, 8, 9, 7), None, 3, (5, 8, 9, 7)),
        ((5, 8, 9, 7, 3), None, 3, (5, 8, 9, 7, 3)),
        ((5, 8, 9, 7, 1), None, 3, (5, 8, 9, 7)),
    ],
)
def test_axes(shape: tuple[int, ...], asked: int | None, dims: int, kept: tuple[int, ...]) -> None:
    images, found = validate_images(np.zeros(shape, np.float32), name="X", spatial_dims=asked)
    assert found == dims
    assert images.shape == kept


def test_bytes_are_scaled_and_other_numbers_kept() -> None:
    scaled, _ = validate_images(np.full((1, 2, 2), 51, np.uint8), name="X")
    np.testing.assert_allclose(scaled, 0.2)
    kept, _ = validate_images(np.full((1, 2, 2), -1000, np.int16), name="X")
    assert (kept.dtype, kept[0, 0, 0]) == (np.float32, -1000)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.zeros((2, 5)), r"\(2, 5\)"),
        (np.zeros((0, 5, 5)), "at least one"),
        (np.zeros((2, 5, 5, 5, 4)), "spatial"),
        (np.array([["a"]]), "dtype"),
        (np.zeros((1, 2, 2), complex), "dtype"),
        (np.full((2, 3, 3), np.nan), "18 NaN"),
        (np.full((2, 3, 3), -np.inf), "18 infinite"),
        (np.full((2, 3, 3), 1e300), "beyond float32"),
    ],
)
def test_what_is_no_image_is_refused(images: np.ndarray, message: str) -> None:
    with pytest.raises(DataError, match=message):
        validate_images(images, name="X")


def test_the_first_bad_sample_is_named() -> None:
    images = np.zeros((4, 3, 3))
    images[2, 1, 1] = np.nan
    with pytest.raises(DataError, match="sample 2"):
        validate_images(images, name="X")


def test_labels_of_one_column_are_flat() -> None:
    labels = validate_labels(np.array([[0], [2.0], [1]]), 3, name="y")
    np.testing.assert_array_equal(labels, [0, 2, 1])
    assert labels.dtype == np.int64


def test_no_other_number_of_axes_can_be_asked_for() -> None:
    with pytest.raises(DataError, match="spatial_dims=4"):
        validate_images(np.zeros((2, 5, 5, 5, 5)), name="X", spatial_dims=4)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "labels",
    [
        [0, 3],
        [-1, 0],
        [0.5, 1],
        [[0, 1]],
        ["a", "b"],
        [np.nan, 0.0],
        [0.0, np.inf],
        [0.0, 1e300],
        [0, 2**64 - 1],
        [],
    ],
)
def test_labels_out_of_range_or_form_are_refused(labels: list) -> None:
    with pytest.raises(DataError, match="y "):
        validate_labels(np.array(labels), 3, name="y")


def test_every_class_must_be_in_every_split(discs: Dataset) -> None:
    validate_dataset(discs)
    without = replace(discs, val=Split(discs.val.images, np.ones_like(discs.val.labels)))
    with pytest.raises(DataError, match=r"class 0 .* val"):
        validate_dataset(without)
    with pytest.raises(DataError, match="one class"):
        validate_dataset(replace(discs, class_names=("disc",)))
    smaller = replace(discs, test=Split(discs.test.images[:, 1:], discs.test.labels))
    with pytest.raises(DataError, match="test images have shape"):
        validate_dataset(smaller)
    fewer = replace(discs, train=Split(discs.train.images, discs.train.labels[1:]))
    with pytest.raises(DataError, match="32 images and 31 labels"):
        validate_dataset(fewer)


def test_what_a_data_set_says_of_itself(discs: Dataset) -> None:
    assert (discs.n_classes, discs.n_channels, discs.shape) == (2, 1, (28, 28))
    assert discs.split("val") is discs.val


def test_the_fingerprint_tells_data_apart(discs: Dataset) -> None:
    assert discs.fingerprint() == replace(discs, name="other").fingerprint()
    labels = discs.train.labels.copy()
    labels[0] = 1 - labels[0]
    changed = replace(discs, train=replace(discs.train, labels=labels))
    assert changed.fingerprint() != discs.fingerprint()
