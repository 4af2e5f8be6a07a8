"""One scale of intensities for all images of a data set, and for all that are read later."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from topojax import TopoCAM
from topojax.data import SPLITS, Dataset, IntensityScale, read_image_set, read_medmnist
from topojax.errors import DataError
from topojax.pipeline.storage import load_fitted, save_fitted


def _bytes(n: int = 12) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (n, 28, 28), dtype=np.uint8)


def _file(path: Path, **images: np.ndarray) -> Path:
    labels = {f"{name}_labels": np.arange(12) % 2 for name in SPLITS}
    np.savez(path, **labels, **{f"{name}_images": images.get(name, _bytes()) for name in SPLITS})
    return path


@pytest.mark.parametrize(
    ("train", "val", "message"),
    [
        (_bytes(), _bytes().astype(np.float32), r"val_images has dtype float32 from 0 to 255"),
        (_bytes(), _bytes().astype(np.int16), r"val_images has dtype int16 from 0 to 255"),
        (_bytes(), _bytes() > 127, "val_images has dtype bool"),
        (_bytes(), _bytes() / 127 - 1, "val_images has dtype float64 from -1"),
        (_bytes().astype(np.float32), _bytes(), "val_images has dtype uint8"),
        (_bytes().astype(np.int16), _bytes(), "val_images has dtype uint8"),
    ],
)
def test_splits_of_two_scales_are_refused(
    tmp_path: Path, train: np.ndarray, val: np.ndarray, message: str
) -> None:
    path = _file(tmp_path / "mine.npz", train=train, val=val, test=train)
    with pytest.raises(DataError, match=message) as caught:
        read_medmnist(path)
    assert "\n" not in str(caught.value)


def test_floats_that_are_on_the_scale_of_bytes_are_taken(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "topojax")
    path = _file(tmp_path / "mine.npz", test=_bytes() / np.float32(255))
    data = read_medmnist(path)
    np.testing.assert_array_equal(data.test.images, data.train.images)
    assert data.scale == IntensityScale("uint8", 255)
    assert "test_images: float32 in [0, 1], taken as divided by 255 already" in caplog.text


def test_dtypes_that_stay_as_they_are_go_together(tmp_path: Path) -> None:
    counts = _bytes().astype(np.int16) - 1000
    path = _file(tmp_path / "mine.npz", train=counts, val=counts, test=counts.astype(np.float64))
    data = read_medmnist(path)
    np.testing.assert_array_equal(data.test.images, counts)
    assert data.scale == IntensityScale("int16", 1)


def test_the_file_of_a_single_array_is_held_to_a_scale(tmp_path: Path) -> None:
    np.save(tmp_path / "mine.npy", _bytes().astype(np.float32))
    assert read_image_set(tmp_path / "mine.npy").images.max() == 255
    with pytest.raises(DataError, match="dtype float32 from 0 to 255"):
        read_image_set(tmp_path / "mine.npy", scale=IntensityScale("uint8", 255))


def test_an_estimator_holds_images_to_what_it_was_fitted_on(
    discs: Dataset, tiny: dict[str, Any], tmp_path: Path
) -> None:
    def as_bytes(images: np.ndarray) -> np.ndarray:
        return np.round(images * 255).astype(np.uint8)

    train, val, test = (as_bytes(discs.split(name).images) for name in SPLITS)
    validation = {"X_val": val.astype(np.float32), "y_val": discs.val.labels}
    model = TopoCAM(overrides=tiny | {"backbone.epochs": 1})
    with pytest.raises(DataError, match="X_val has dtype float32 from"):
        model.fit(train, discs.train.labels, **validation)
    model.fit(train, discs.train.labels, X_val=val, y_val=discs.val.labels).save(tmp_path / "model")
    loaded = TopoCAM.load(tmp_path / "model")
    assert loaded.fitted_.scale == IntensityScale("uint8", 255)
    rows = loaded.predict_proba(test)
    np.testing.assert_array_equal(loaded.predict_proba(test / np.float32(255)), rows)
    for method in (loaded.predict_proba, loaded.transform):
        with pytest.raises(DataError, match="X has dtype float32 from"):
            method(test.astype(np.float32))


def test_bytes_are_not_what_floats_were(fitted: TopoCAM, discs: Dataset) -> None:
    with pytest.raises(DataError, match="X has dtype uint8"):
        fitted.predict(np.round(discs.test.images * 255).astype(np.uint8))


def test_a_checkpoint_without_a_scale_stays_readable(fitted: TopoCAM, tmp_path: Path) -> None:
    method = fitted.fitted_
    assert method.scale == IntensityScale("float32", 1)
    save_fitted(replace(method, scale=None), tmp_path / "old")
    assert load_fitted(tmp_path / "old").scale is None
