"""Files of many frames: a volume where frames say where they lie, nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from topojax.data.scans import read_scan
from topojax.errors import DataError

from .phantoms import AXIAL, datasets, decimals, slice_of, tagged, volume, write, write_series

ORDER = (3, 0, 5, 1, 4, 2)


def _group(**tags: Any) -> Sequence:
    return Sequence([tagged(Dataset(), **tags)])


def _enhanced(slices: list[Any], shared: bool = True) -> Any:
    """Return one file of all slices; orientation and pixels are said once, or of every frame."""
    pixels = np.stack([dataset.pixel_array for dataset in slices])
    whole = slice_of(pixels[0], NumberOfFrames=len(slices), PixelData=pixels.tobytes())
    frames = []
    for k, dataset in enumerate(slices):
        frame = Dataset()
        frame.PlanePositionSequence = _group(ImagePositionPatient=dataset.ImagePositionPatient)
        frame.PixelValueTransformationSequence = _group(
            RescaleSlope=decimals(1 + k)[0], RescaleIntercept="0"
        )
        frames.append(frame)
    common = Dataset()
    for owner in (common,) if shared else frames:
        owner.PlaneOrientationSequence = _group(
            ImageOrientationPatient=slices[0].ImageOrientationPatient
        )
        owner.PixelMeasuresSequence = _group(PixelSpacing=slices[0].PixelSpacing)
    whole.PerFrameFunctionalGroupsSequence = Sequence(frames)
    whole.SharedFunctionalGroupsSequence = Sequence([common])
    return whole


@pytest.mark.parametrize("shared", [True, False], ids=["said once", "said of every frame"])
def test_frames_make_the_volume_of_their_series(tmp_path: Path, shared: bool) -> None:
    series = read_scan(write_series(tmp_path / "series", datasets(volume())))
    shuffled = [datasets(volume())[k] for k in ORDER]
    scan = read_scan(write(tmp_path / "one.dcm", _enhanced(shuffled, shared)))
    slopes = 1.0 + np.argsort(ORDER)
    np.testing.assert_array_equal(scan.voxels, series.voxels * slopes[:, None, None])
    assert scan.voxels.dtype == np.float32
    np.testing.assert_allclose(scan.affine, series.affine)
    assert scan.spacing == series.spacing


def test_alone_in_its_folder_it_is_the_same(tmp_path: Path) -> None:
    write(tmp_path / "series" / "one.dcm", _enhanced(datasets(volume())))
    assert read_scan(tmp_path / "series").shape == (6, 4, 5)


def test_one_frame_is_an_image_with_the_spacing_of_its_group(tmp_path: Path) -> None:
    scan = read_scan(write(tmp_path / "one.dcm", _enhanced(datasets(volume())[:1])))
    assert (scan.shape, scan.spatial_dims) == ((4, 5), 2)
    np.testing.assert_allclose(scan.spacing, (0.8, 0.7))


def test_several_stacks_are_refused(tmp_path: Path) -> None:
    twice = _enhanced(datasets(volume()) + datasets(volume()))
    with pytest.raises(DataError, match=r"one\.dcm: frame 1 and frame 7 lie at one position"):
        read_scan(write(tmp_path / "one.dcm", twice))


def test_a_film_is_refused(tmp_path: Path) -> None:
    film = slice_of(np.zeros((4, 5), np.uint8), NumberOfFrames=3, PixelData=bytes(60))
    with pytest.raises(DataError, match="3 frames that do not say where they lie"):
        read_scan(write(tmp_path / "film.dcm", film))


def test_beside_other_files_it_is_refused(tmp_path: Path) -> None:
    write_series(tmp_path, datasets(volume(), AXIAL))
    write(tmp_path / "one.dcm", _enhanced(datasets(volume())))
    with pytest.raises(DataError, match=r"one\.dcm holds 6 frames beside other files"):
        read_scan(tmp_path)
