"""Which axes are spatial: told by the shape, or by whoever has the data, never guessed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from topojax import TopoCAM
from topojax.data import SPLITS, read_image_set, read_medmnist, validate_images
from topojax.errors import DataError
from topojax.topology import BettiCurve

TWO_READINGS = [(5, 9, 8, 3), (5, 9, 8, 4), (5, 9, 8, 1), (5, 3, 9, 8), (5, 4, 9, 8), (5, 1, 9, 8)]


def _volumes(shape: tuple[int, ...]) -> np.ndarray:
    return np.random.default_rng(0).random(shape, np.float32)


@pytest.mark.parametrize("shape", TWO_READINGS)
def test_what_may_be_channels_or_slices_is_asked_for(
    shape: tuple[int, ...], tmp_path: Path
) -> None:
    np.save(tmp_path / "mine.npy", _volumes(shape))
    np.savez(tmp_path / "mine.npz", images=_volumes(shape))
    for read in (
        lambda: validate_images(_volumes(shape), name="X"),
        lambda: read_image_set(tmp_path / "mine.npy"),
        lambda: read_image_set(tmp_path / "mine.npz"),
        lambda: TopoCAM().fit(_volumes(shape), np.arange(5)),
        lambda: BettiCurve().fit(_volumes(shape)),
    ):
        with pytest.raises(DataError, match=r"=3 .*for volumes, 2 for images") as caught:
            read()
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("shape", TWO_READINGS)
def test_volumes_are_volumes_where_that_is_said(shape: tuple[int, ...], tmp_path: Path) -> None:
    np.save(tmp_path / "mine.npy", _volumes(shape))
    found = read_image_set(tmp_path / "mine.npy", spatial_dims=3)
    assert (found.images.shape, found.spatial_dims) == (shape, 3)
    rows = BettiCurve(n_thresholds=6, spatial_dims=3).fit_transform(_volumes(shape))
    assert rows.shape == (5, 3 * 6 + 1)


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((5, 9, 8, 4), r"leave the fourth channel out: images\[\.\.\., :3\]"),
        ((5, 3, 9, 8), r"channels come last: np\.moveaxis\(images, 1, -1\)"),
        ((5, 1, 9, 8), "channels come last"),
        ((5, 9, 8, 7), r"2 spatial axes; .* one by one: images\[\.\.\., 0\]"),
    ],
)
def test_channels_of_another_form_are_refused_with_advice(
    shape: tuple[int, ...], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        validate_images(_volumes(shape), name="X", spatial_dims=2)
    with pytest.raises(DataError, match=message):
        BettiCurve(spatial_dims=2).fit(_volumes(shape))


@pytest.mark.parametrize("shape", [(), (8,), (9, 8), (1, 1, 9, 9, 8, 1)])
def test_other_numbers_of_axes_are_refused(shape: tuple[int, ...]) -> None:
    for read in (validate_images, lambda images, name: BettiCurve().fit(images)):
        with pytest.raises(DataError, match=r"expected \(n, H, W\), .*, 3\)") as caught:
            read(_volumes(shape), name="X")
        message = str(caught.value)
        assert message.startswith(f"X has shape {shape};")
        assert message.endswith("one image is images[np.newaxis]") == (len(shape) == 2)


def test_transformers_read_axes_as_files_are_read() -> None:
    colours = _volumes((5, 9, 8, 3))
    curves = BettiCurve(n_thresholds=6, spatial_dims=2).fit(colours)
    luma = colours @ np.array([0.299, 0.587, 0.114], np.float32)
    np.testing.assert_array_equal(
        curves.transform(colours), BettiCurve(n_thresholds=6).fit_transform(luma)
    )
    one = _volumes((5, 9, 8, 1))
    grey = BettiCurve(n_thresholds=6, spatial_dims=2).fit_transform(one)
    np.testing.assert_array_equal(grey, BettiCurve(n_thresholds=6).fit_transform(one[..., 0]))


@pytest.mark.parametrize(
    ("name", "dims"), [("our_mnist.npz", 2), ("our_mnist3d_crop.npz", 3), ("ours.npz", None)]
)
def test_a_name_of_medmnists_form_tells_what_the_shape_does_not(
    tmp_path: Path, name: str, dims: int | None, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "topojax")
    arrays = {f"{split}_images": _volumes((4, 9, 8, 3)) for split in SPLITS}
    np.savez(tmp_path / name, **arrays, **{f"{split}_labels": [0, 1, 0, 1] for split in SPLITS})
    if dims is None:
        for read in (read_medmnist, read_image_set):
            with pytest.raises(DataError, match="spatial_dims=3"):
                read(tmp_path / name)
    told = read_medmnist(tmp_path / name, spatial_dims=None if dims else 3)
    assert told.spatial_dims == (dims or 3)
    assert read_image_set(tmp_path / name, spatial_dims=None if dims else 3).spatial_dims == (
        dims or 3
    )
    words = "4 colour images of 9 x 8" if dims == 2 else "4 grey volumes of 9 x 8 x 3"
    assert f"train read as {words}, float32, as they are" in caplog.text
    assert f"{name}: read as {words}" in caplog.text
