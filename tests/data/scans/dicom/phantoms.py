"""Small DICOM files of known voxels and places."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian
from pydicom.valuerep import DSfloat

LPS = np.diag([-1.0, -1.0, 1.0])
SERIES = "1.2.3.4"
MR_IMAGE = UID("1.2.840.10008.5.1.4.1.1.4")
AXIAL = np.diag([-0.7, -0.8, 2.5, 1.0])


def decimals(numbers: Any) -> list[DSfloat]:
    """Return numbers as DICOM writes them, in 16 characters."""
    return [DSfloat(float(number), auto_format=True) for number in np.ravel(numbers)]


def slice_of(pixels: np.ndarray, **tags: Any) -> FileDataset:
    """Return a grey or colour slice, (rows, columns[, 3]), without a place; tags of None go."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = MR_IMAGE, UID("1.2.3")
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset = FileDataset("", {}, file_meta=meta, preamble=bytes(128))
    dataset.SOPClassUID, dataset.SOPInstanceUID = MR_IMAGE, UID("1.2.3")
    dataset.SeriesInstanceUID = SERIES
    colour = pixels.ndim == 3
    dataset.Rows, dataset.Columns = pixels.shape[:2]
    dataset.SamplesPerPixel = 3 if colour else 1
    if colour:
        dataset.PlanarConfiguration = 0
    dataset.PhotometricInterpretation = "RGB" if colour else "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = 8 * pixels.dtype.itemsize
    dataset.HighBit = dataset.BitsStored - 1
    dataset.PixelRepresentation = int(pixels.dtype.kind == "i")
    raw = pixels.tobytes()
    dataset.PixelData = raw + bytes(len(raw) % 2)
    dataset["PixelData"].VR = "OB" if pixels.dtype.itemsize == 1 else "OW"
    return tagged(dataset, **tags)


def tagged(dataset: Dataset, **tags: Any) -> Any:
    """Return the dataset with tags set, or taken away where they are None."""
    for tag, value in tags.items():
        if value is None:
            delattr(dataset, tag)
        else:
            setattr(dataset, tag, value)
    return dataset


def place_of(affine: np.ndarray, k: int) -> dict[str, Any]:
    """Return the tags of slice k of a volume whose columns are i, rows j, slices k (RAS+)."""
    axes = LPS @ affine[:3, :3]
    lengths = np.linalg.norm(axes, axis=0)
    return {
        "ImagePositionPatient": decimals(LPS @ (affine @ [0, 0, k, 1])[:3]),
        "ImageOrientationPatient": decimals((axes / lengths).T[:2]),
        "PixelSpacing": decimals([lengths[1], lengths[0]]),
    }


def write(path: Path, dataset: Any) -> Path:
    """Write a file in DICOM's own form."""
    path.parent.mkdir(parents=True, exist_ok=True)
    dataset.save_as(path, enforce_file_format=True)
    return path


def volume(shape: tuple[int, ...] = (5, 4, 6), dtype: str = "int16") -> np.ndarray:
    """Return voxels (i, j, k), no two alike where the type can tell them apart."""
    return np.random.default_rng(5).permutation(np.prod(shape)).reshape(shape).astype(dtype)


def datasets(voxels: np.ndarray, affine: np.ndarray = AXIAL, **tags: Any) -> list[Any]:
    """Return the slices of a volume (i, j, k[, 3]), as they follow each other along k."""
    return [
        tagged(
            slice_of(np.ascontiguousarray(voxels[:, :, k].swapaxes(0, 1))),
            **place_of(affine, k),
            **tags,
        )
        for k in range(voxels.shape[2])
    ]


def write_series(folder: Path, slices: list[Any]) -> Path:
    """Write slices under names and numbers in no order of theirs."""
    order = np.random.default_rng(9).permutation(len(slices))
    for number, dataset in zip(order, slices, strict=True):
        dataset.InstanceNumber = int(number) + 1
        write(folder / f"IM{number:03d}.dcm", dataset)
    return folder
