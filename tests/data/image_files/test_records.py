"""Records of other libraries, by what they can do: dictionaries, data sets, pictures, tensors."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from topojax.config import PrepareConfig
from topojax.data import read_records
from topojax.data.image_files.recorded import recorded_scan
from topojax.data.scans import write_nifti
from topojax.errors import DataError


@dataclass
class Tensor:
    """What MONAI's MetaTensor is to whoever does not know it: an array with an affine."""

    values: np.ndarray
    affine: np.ndarray

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        return self.values if dtype is None else self.values.astype(dtype)


class Rows:
    """What a Hugging Face `Dataset` is: rows by index, and features that name labels."""

    def __init__(self, rows: list[dict[str, Any]], names: list[str]) -> None:
        self._rows = rows
        self.features = {"label": type("ClassLabel", (), {"names": names})()}

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: int) -> dict[str, Any]:
        return self._rows[index]


def _pictures(rng: np.random.Generator, n: int = 20) -> list[np.ndarray]:
    return [rng.integers(0, 256, (6, 7), dtype=np.uint8) for _ in range(n)]


def _scan(value: Any, *, channel_axis: int | None = None, spatial_dims: int | None = None):
    return recorded_scan(value, "record 0", channel_axis=channel_axis, spatial_dims=spatial_dims)


def test_every_kind_of_image_is_the_same_one(rng, tmp_path: Path) -> None:
    pixels = _pictures(rng, 1)[0]
    Image.fromarray(pixels).save(tmp_path / "a.png")
    encoded = io.BytesIO()
    Image.fromarray(pixels).save(encoded, "png")
    for value in (
        str(tmp_path / "a.png"),
        tmp_path / "a.png",
        {"path": str(tmp_path / "a.png"), "bytes": None},
        {"path": "elsewhere.png", "bytes": encoded.getvalue()},
        Image.fromarray(pixels),
        pixels,
        pixels.tolist(),
    ):
        found = _scan(value)
        assert np.array_equal(found.voxels, pixels), value
        assert found.spatial_dims == 2


def test_channels_and_affines(rng) -> None:
    volume = rng.random((1, 4, 5, 6))
    affine = np.diag([2.0, -1, 3, 1])
    found = _scan(Tensor(volume, affine), channel_axis=0)
    assert np.array_equal(found.voxels, volume[0])
    assert (found.spatial_dims, found.spacing) == (3, (2, 1, 3))
    assert np.array_equal(found.affine, affine)
    colour = rng.integers(0, 256, (3, 6, 7), dtype=np.uint8)
    assert np.array_equal(_scan(colour, channel_axis=0).voxels, np.moveaxis(colour, 0, -1))
    assert _scan(Image.fromarray(np.moveaxis(colour, 0, -1))).has_colour
    assert _scan(colour, spatial_dims=3).spatial_dims == 3
    opaque = np.dstack([np.moveaxis(colour, 0, -1), np.full((6, 7), 255, np.uint8)])
    assert _scan(Image.fromarray(opaque)).voxels.shape == (6, 7, 3)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (np.zeros((3, 6, 7)), "say which: spatial_dims=3"),
        (np.zeros((6, 7), complex), "expected real numbers"),
        (np.zeros(6), "expected"),
        ({"pixels": 1}, "expected path or bytes"),
        ({"bytes": b"no picture", "path": None}, "cannot be read as a picture"),
        (Tensor(np.zeros((5, 5, 6)), np.zeros((4, 4))), "without an inverse"),
        (Tensor(np.zeros((5, 5, 6)), np.eye(3)), "expected finite"),
        (np.ma.masked_equal(np.zeros((6, 7)), 0), "masked values"),
        ("lost.png", "does not exist"),
    ],
)
def test_what_is_no_image_is_named(value: Any, words: str) -> None:
    with pytest.raises(DataError, match=words):
        _scan(value)


def test_dictionaries_with_splits(rng, tmp_path: Path) -> None:
    """MONAI's data lists: paths under names of splits."""
    lists: dict[str, list[dict[str, Any]]] = {"training": [], "validation": [], "test": []}
    for i, (split, part) in enumerate([(i % 3, list(lists)[i % 3]) for i in range(12)]):
        path = tmp_path / f"{i}.nii.gz"
        write_nifti(np.full((3, 4, 5), i, np.float32), np.eye(4), None, path)
        lists[part].append({"image": str(path), "label": (i // 3) % 2, "who": split})
    data = read_records(lists, group="who", progress=False)
    assert data.class_names == ("0", "1")
    assert data.train.images[:, 0, 0, 0].tolist() == [0, 3, 6, 9]
    assert data.val.labels.tolist() == [0, 1, 0, 1]
    with pytest.raises(DataError, match="the split 'fold'"):
        read_records({"fold": []})


def test_a_hugging_face_data_set_names_its_classes(rng) -> None:
    pictures = _pictures(rng)
    rows = [{"image": Image.fromarray(p), "label": i % 2} for i, p in enumerate(pictures)]
    data = read_records(Rows(rows, ["well", "ill"]), progress=False)
    assert data.class_names == ("well", "ill")
    assert [len(data.split(s).labels) for s in ("train", "val", "test")] == [14, 2, 4]
    first = int(data.test.names[0].removeprefix("record "))
    assert np.allclose(data.test.images[0], pictures[first] / 255)
    assert data.test.labels[0] == first % 2
    scored = read_records(rows, prepare=PrepareConfig(normalise="z-score"), progress=False)
    assert scored.test.images.mean() == pytest.approx(0, abs=1e-5)
    with pytest.raises(DataError, match="has the label '2'; expected 0 to 1"):
        read_records(Rows([{"image": rows[0]["image"], "label": 2}], ["well", "ill"]))


def test_records_that_cannot_be_used_are_named(rng) -> None:
    rows: list[dict[str, Any]] = [
        {"image": p, "label": i % 2} for i, p in enumerate(_pictures(rng))
    ]
    with pytest.raises(DataError, match="has no record"):
        read_records([])
    parts = {"train": rows[:10], "val": rows[10:12], "test": rows[12:]}
    for part in parts.values():
        part[0]["who"] = part[1]["who"] = "p1"
    parts = {split: part[:2] for split, part in parts.items()}
    words = "record 2 of group 'p1' is in val, record 0 of the same group in train"
    with pytest.raises(DataError, match=words):
        read_records(parts, group="who")
    with pytest.raises(DataError, match="record 0 lacks 'dx'; it holds image, label"):
        read_records(rows, label="dx")
    rows[5]["image"] = np.zeros((6, 8), np.uint8)
    with pytest.raises(DataError, match=r"record 5 is of 6 x 8 voxels"):
        read_records(rows, progress=False)
