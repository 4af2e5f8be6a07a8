"""Masks beside images and labels in a file: which keys, which values, resized with their images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from topojax.data import SPLITS, Dataset, fewer_images, fewer_rows, read_masks
from topojax.errors import DataError


@pytest.fixture
def arrays(discs_file: Path) -> dict[str, np.ndarray]:
    """Return the discs with masks of two classes: blocks of 2 x 2 pixels, which become one."""
    with np.load(discs_file) as discs:
        found = {name: discs[name] for name in discs.files}
    for split in SPLITS:
        blocks = 2 * (found[f"{split}_images"][:, ::2, ::2] > 128).astype(np.uint8)
        found[f"{split}_masks"] = np.repeat(np.repeat(blocks, 2, 1), 2, 2)
    return found


def _saved(path: Path, arrays: dict[str, np.ndarray]) -> Path:
    np.savez(path, **arrays)
    return path


def test_every_class_is_foreground(arrays: dict[str, np.ndarray], tmp_path: Path) -> None:
    arrays["val_masks"] = arrays["val_masks"][..., None]
    found = read_masks(_saved(tmp_path / "own.npz", arrays))
    for split in SPLITS:
        assert found[split].dtype == np.bool_
        expected = arrays[f"{split}_masks"].reshape(found[split].shape) == 2
        np.testing.assert_array_equal(found[split], expected)


def test_masks_are_resized_as_their_images(arrays: dict[str, np.ndarray], tmp_path: Path) -> None:
    found = read_masks(_saved(tmp_path / "own.npz", arrays), 14)
    # Antialiasing looks beyond a block: what lies inside of a region, or outside, is as it was.
    for split in SPLITS:
        blocks = arrays[f"{split}_masks"][:, ::2, ::2] == 2
        assert np.mean(found[split] == blocks) > 0.9


def test_a_file_without_masks_is_refused_by_the_keys_it_lacks(
    discs_file: Path, arrays: dict[str, np.ndarray], tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=r"holds no train_masks, val_masks, test_masks; save"):
        read_masks(discs_file)
    del arrays["val_masks"]
    with pytest.raises(DataError, match=r"holds no val_masks; save"):
        read_masks(_saved(tmp_path / "own.npz", arrays))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda masks: masks[1:], r"train_masks has shape .* expected \(\d+, 28, 28\)"),
        (lambda masks: masks[:, 1:], r"one voxel a voxel of the images"),
        (lambda masks: np.where(masks > 0, np.nan, 0), r"train_masks holds nan \(sample 0\)"),
        (lambda masks: -masks.astype(np.int8), r"train_masks holds -2 \(sample 0\)"),
        (lambda masks: masks.astype(str), r"expected bool or numbers of classes"),
    ],
)
def test_what_is_no_mask_of_the_images_is_refused(
    arrays: dict[str, np.ndarray], change, message: str, tmp_path: Path
) -> None:
    arrays["train_masks"] = change(arrays["train_masks"])
    with pytest.raises(DataError, match=message):
        read_masks(_saved(tmp_path / "own.npz", arrays))


def test_rows_are_those_of_the_images_kept(discs: Dataset) -> None:
    for n in (6, 10**6):
        rows = fewer_rows(discs, n, np.random.default_rng(3))
        kept = fewer_images(discs, n, np.random.default_rng(3))
        for split in SPLITS:
            np.testing.assert_array_equal(
                discs.split(split).images[rows[split]], kept.split(split).images
            )
