"""Prepared images: mapped, kept, gone on with; and what is wrong with any of many."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import nibabel
import numpy as np
import pytest

from topojax.config import PrepareConfig
from topojax.data.manifest import Row
from topojax.data.prepared import cache, prepared_images, prepared_masks
from topojax.data.scans import write_nifti
from topojax.errors import DataError, RunError

SHAPE = (4, 5, 6)
PLAIN = PrepareConfig()


@pytest.fixture(autouse=True)
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of the cache, empty."""
    monkeypatch.setenv("TOPOJAX_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "prepared"


@pytest.fixture
def rows(tmp_path: Path, rng: np.random.Generator) -> list[Row]:
    """Return the rows of six volumes with masks."""
    found = []
    for i in range(6):
        path, mask = tmp_path / f"{i}.nii.gz", tmp_path / f"{i}_mask.nii.gz"
        values = rng.normal(size=SHAPE).astype(np.float32)
        write_nifti(values, np.eye(4), None, path)
        write_nifti(values > 0, np.eye(4), None, mask)
        found.append(Row(i + 2, path, "x", None, None, mask, path.name))
    return found


def _again(path: Path, shape: tuple[int, ...] = SHAPE, spacing: float = 1.0) -> None:
    affine = np.diag([1, 1, spacing, 1.0])
    write_nifti(np.ones(shape, np.float32), affine, None, path)


def _saved(path: Path, values: np.ndarray) -> None:
    nibabel.save(nibabel.Nifti1Image(values, np.eye(4)), path)


def _colour(path: Path) -> None:
    bytes_of = [(name, np.uint8) for name in "RGB"]
    pixels = np.zeros(SHAPE, bytes_of)
    pixels["R"][0] = 9
    _saved(path, pixels)


def _only(folder: Path) -> Path:
    (found,) = folder.iterdir()
    return found


def test_images_are_mapped_and_come_from_the_cache(
    rows: list[Row], kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = prepared_images(rows, PLAIN, source="m.csv")
    assert isinstance(found.images, np.memmap)
    assert (found.images.shape, found.images.dtype) == ((6, *SHAPE), np.float32)
    assert not found.images.flags.writeable
    assert found.facts[0].spacing == (1, 1, 1)
    read: list[Path] = []
    from topojax.data.prepared import images

    genuine = images.read_scan
    monkeypatch.setattr(images, "read_scan", lambda path: read.append(path) or genuine(path))
    again = prepared_images(rows, PLAIN, source="m.csv")
    assert np.array_equal(again.images, found.images)
    assert again.facts == found.facts
    # The first one says which shape and scale all have.
    assert set(read) == {rows[0].path}
    assert len(list(kept.iterdir())) == 1


def test_other_settings_order_or_files_are_other_images(rows: list[Row], kept: Path) -> None:
    first = prepared_images(rows, PLAIN, source="m.csv").images
    assert np.array_equal(prepared_images(rows[::-1], PLAIN, source="m.csv").images, first[::-1])
    scored = prepared_images(rows, PrepareConfig(normalise="z-score"), source="m.csv").images
    assert scored[0].mean() == pytest.approx(0, abs=1e-6)
    assert prepared_images(rows, PLAIN, source="m.csv", size=3).images.shape == (6, 3, 3, 3)
    assert len(list(kept.iterdir())) == 4
    _again(rows[2].path)
    os.utime(rows[2].path, ns=(1, 1))
    assert (prepared_images(rows, PLAIN, source="m.csv").images[2] == 1).all()


@pytest.mark.parametrize("damage", ["cut", "flipped", "facts", "journal"])
def test_what_a_kill_or_a_fault_leaves_is_made_again(
    rows: list[Row], kept: Path, damage: str
) -> None:
    whole = np.array(prepared_images(rows, PLAIN, source="m.csv").images)
    folder = _only(kept)
    file = folder / {"facts": "facts.jsonl", "journal": "rows.jsonl"}.get(damage, "images.npy")
    content = bytearray(file.read_bytes())
    if damage == "flipped":
        content[-1] ^= 1
    else:
        content = content[: len(content) // 2]
    file.write_bytes(content)
    again = prepared_images(rows, PLAIN, source="m.csv")
    assert np.array_equal(again.images, whole)
    assert len(again.facts) == 6


def test_without_a_cache_images_are_in_a_nameless_file(
    rows: list[Row], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("TOPOJAX_CACHE", str(tmp_path / "file"))
    with caplog.at_level(logging.WARNING, "topojax"):
        found = prepared_images(rows, PLAIN, source="m.csv")
    assert "cannot be kept for the next time" in caplog.text
    assert isinstance(found.images, np.memmap)
    assert found.images.shape == (6, *SHAPE)


def test_no_space_is_said_before_any_image_is_written(
    rows: list[Row], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, n_bytes: int) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(cache, "check_space", full)
    with pytest.raises(RunError, match="no space left"):
        prepared_images(rows, PLAIN, source="m.csv")


def test_the_cache_can_be_listed_and_cleared(rows: list[Row], kept: Path) -> None:
    prepared_images(rows, PLAIN, source="m.csv")
    ((folder, n_bytes),) = cache.cached_sets()
    assert n_bytes > 6 * 4 * np.prod(SHAPE)
    assert cache.clear_cache() == n_bytes
    assert not folder.exists()
    assert not list(cache.cached_sets())


@pytest.mark.parametrize(
    ("spoil", "config", "words"),
    [
        (lambda path: path.write_bytes(b"no image"), PLAIN, "row 4: .*2.nii.gz cannot be read as"),
        (lambda path: path.unlink(), PLAIN, "row 4: .*2.nii.gz does not exist"),
        (
            lambda path: _again(path, (4, 5, 7)),
            PLAIN,
            "row 4: 2.nii.gz is of 4 x 5 x 7 voxels, row 2: 0.nii.gz of 4 x 5 x 6; set --size",
        ),
        (
            lambda path: _again(path, SHAPE, 2.0),
            PLAIN,
            "row 4: 2.nii.gz has voxels of 1 x 1 x 2 mm, "
            "row 2: 0.nii.gz voxels of 1 x 1 x 1 mm; set prepare.spacing",
        ),
        (lambda path: _again(path), PLAIN, None),
        (
            lambda path: _saved(path, np.zeros((4, 5))),
            PLAIN,
            "has 2 axes, row 2: 0.nii.gz 3; expected",
        ),
        (lambda path: _saved(path, np.zeros((4, 5, 6, 3))), PLAIN, "holds 3 volumes of 4 x 5 x 6"),
        (_colour, PLAIN, "has colour where grey is expected"),
        (lambda path: _again(path), PrepareConfig(normalise="z-score"), "row 4: .*one intensity"),
    ],
)
def test_one_line_names_the_row(rows: list[Row], spoil, config, words: str | None) -> None:
    spoil(rows[2].path)
    if words is None:
        prepared_images(rows, config, source="m.csv")
        return
    with pytest.raises(DataError, match=words) as refused:
        prepared_images(rows, config, source="m.csv")
    assert str(refused.value).startswith("m.csv, row 4: ")
    assert "more rows" not in str(refused.value)


def test_all_problems_are_counted_also_where_the_first_image_is_one(
    rows: list[Row], caplog: pytest.LogCaptureFixture
) -> None:
    for row in (rows[0], rows[4]):
        row.path.write_bytes(b"no image")
    with (
        caplog.at_level(logging.ERROR, "topojax"),
        pytest.raises(DataError, match=r"row 2: .*\(and 1 more row"),
    ):
        prepared_images(rows, PLAIN, source="m.csv")
    assert "row 6: " in caplog.text


def test_spacings_may_differ_where_that_is_said(rows: list[Row]) -> None:
    _again(rows[2].path, SHAPE, 2.0)
    for config, shape in (
        (PrepareConfig(spacing="any"), SHAPE),
        (PrepareConfig(spacing=1.0, shape=(4, 5, 8)), (4, 5, 8)),
    ):
        assert prepared_images(rows, config, source="m.csv").images.shape == (6, *shape)


def test_masks_are_prepared_with_their_images(rows: list[Row]) -> None:
    images = prepared_images(rows, PLAIN, source="m.csv").images
    masks = prepared_masks(rows, PLAIN, source="m.csv")
    assert masks.dtype == bool
    assert np.array_equal(masks, images > 0)
    write_nifti(np.zeros(SHAPE, bool), np.eye(4), None, rows[3].mask)
    with pytest.raises(DataError, match=r"masks, row 5: .*3_mask.nii.gz is empty"):
        prepared_masks(rows, PLAIN, source="m.csv")
