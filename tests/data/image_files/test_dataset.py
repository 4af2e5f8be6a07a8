"""Data sets of files: classes, groups in one split each, 70:10:20 where none is given."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from topojax.config import ManifestConfig, PrepareConfig
from topojax.data import SPLITS, read_dataset, read_image_set, read_manifest
from topojax.errors import ConfigError, DataError

SHAPE = (5, 6)


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOPOJAX_CACHE", str(tmp_path / "cache"))


def _written(folder: Path, rows: list[dict[str, object]]) -> Path:
    """Write one npy image a row, whose every pixel is the row's number, and their manifest."""
    for i, row in enumerate(rows):
        np.save(folder / f"{i}.npy", np.full(SHAPE, i, np.float32))
        row["path"] = f"{i}.npy"
    with (folder / "m.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return folder / "m.csv"


def test_a_given_split_is_kept_and_images_are_those_of_their_rows(tmp_path: Path) -> None:
    splits = ["test", "train", "val", "train", "val", "test"]
    labels = ["10", "9", "9", "10", "10", "9"]
    rows = [{"label": x, "split": s} for x, s in zip(labels, splits, strict=True)]
    data = read_manifest(_written(tmp_path, rows))
    # Whole numbers by their size.
    assert data.class_names == ("9", "10")
    for name in SPLITS:
        wanted = [i for i, split in enumerate(splits) if split == name]
        split = data.split(name)
        assert split.images[:, 0, 0].tolist() == wanted
        assert split.names == tuple(f"{i}.npy" for i in wanted)
        assert [data.class_names[c] for c in split.labels] == [labels[i] for i in wanted]
    assert data.source == str(tmp_path / "m.csv")
    assert (data.division, data.level) == ("as its table says", "image")
    assert data.preparation == "The 6 images were read from files; 5 x 6 as stored"
    whole = read_image_set(tmp_path / "m.csv", class_names=data.class_names)
    assert len(whole.images) == 6
    assert whole.labels is not None
    assert whole.labels.tolist() == [data.class_names.index(label) for label in labels]
    assert len(read_image_set(tmp_path / "m.csv", split="val").images) == 2


@pytest.mark.parametrize("per_group", [1, 3])
def test_groups_are_divided_7_1_2_by_class(tmp_path: Path, per_group: int) -> None:
    n = 60
    rows = [{"label": "ab"[i % 2], "who": f"p{i}"} for i in range(n) for _ in range(per_group)]
    path = _written(tmp_path, rows)
    columns = ManifestConfig(group="who")
    data = read_manifest(path, columns=columns)
    assert data.division.endswith("70, 10 and 20 percent of its groups (split_seed=0)")
    assert data.level == "group"
    groups = {}
    for name, share in zip(SPLITS, (0.7, 0.1, 0.2), strict=True):
        split = data.split(name)
        assert len(split.labels) == round(share * n) * per_group
        assert split.labels.mean() == 0.5
        groups[name] = {rows[int(Path(one).stem)]["who"] for one in split.names}
    assert not groups["train"] & groups["val"]
    assert not groups["train"] & groups["test"]
    assert not groups["val"] & groups["test"]
    again = read_manifest(path, columns=columns)
    assert again.test.names == data.test.names
    other = read_manifest(path, columns=ManifestConfig(group="who", split_seed=1))
    assert other.test.names != data.test.names


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([{"label": "a"}, {"label": ""}], "row 3: 1.npy has no label"),
        ([{"label": "a"}] * 4, "one label alone, 'a'"),
        ([{"label": "a"}, {"label": "b"}] * 2, "is absent from the val split"),
        (
            [{"label": "a", "split": "train"}, {"label": "b", "split": "test"}],
            "no row of the split",
        ),
    ],
)
def test_what_cannot_be_fitted_is_said(tmp_path: Path, rows, words: str) -> None:
    path = _written(tmp_path, [dict(row) for row in rows])
    with pytest.raises(DataError, match=words):
        read_manifest(path)


def test_axes_and_settings_are_held_to_what_is_there(tmp_path: Path, discs_file: Path) -> None:
    path = _written(tmp_path, [{"label": "ab"[i % 2]} for i in range(12)])
    with pytest.raises(DataError, match="images of 2 axes"):
        read_dataset(path, spatial_dims=3)
    with pytest.raises(ConfigError, match=r"prepare.normalise=z-score is of images in files"):
        read_dataset(discs_file, prepare=PrepareConfig(normalise="z-score"))
    with pytest.raises(DataError, match="images without labels"):
        read_dataset(tmp_path)
    alone = _written(tmp_path, [{"label": "a", "split": "train"}])
    with pytest.raises(DataError, match="no row of the split"):
        read_image_set(alone, split="test")


def test_masks_are_checked_before_a_fit(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [{"label": "ab"[i % 2], "mask": ""} for i in range(12)]
    rows[3]["mask"] = "mask.npy"
    np.save(tmp_path / "mask.npy", np.ones(SHAPE, np.uint8))
    assert len(read_manifest(_written(tmp_path, rows)).train.names) > 0
    np.save(tmp_path / "mask.npy", np.zeros(SHAPE, np.uint8))
    with pytest.raises(DataError, match=r"row 5: .*mask.npy is empty"):
        read_manifest(tmp_path / "m.csv")
