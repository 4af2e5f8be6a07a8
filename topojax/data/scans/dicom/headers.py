"""What the header of a DICOM file says of its frames, before any pixel is read.

Source: DICOM PS3.3, C.7.6.3 (image pixels), C.7.6.16 (frames of enhanced files).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from topojax.data.scans.dicom.stacking import Plane
from topojax.data.scans.refusals import damage_named, library
from topojax.errors import DataError, shown

KIND = "DICOM"


@dataclass(frozen=True)
class Header:
    """A DICOM file without its pixels.

    Attributes:
        path: of the file.
        dataset: pydicom's, whose values are parsed, and may fail, when they are asked for.
        series: the series' identifier, empty where it is absent.
        rows, columns, n_frames: of its images; 0 rows where it holds none.
    """

    path: Path
    dataset: Any
    series: str
    rows: int
    columns: int
    n_frames: int

    @property
    def holds_image(self) -> bool:
        """Whether there are pixels, as in no report, plan or directory."""
        return self.rows > 0 and self.columns > 0


def read_header(path: Path) -> Header:
    """Return the header of a DICOM file.

    Raises:
        DataError: pydicom is absent; the file is missing, damaged or no DICOM.
    """
    pydicom = library("pydicom", "dicom", path)
    with damage_named(path, KIND):
        dataset = pydicom.dcmread(path, stop_before_pixels=True, force=False)
        return Header(
            path,
            dataset,
            str(dataset.get("SeriesInstanceUID") or ""),
            int(dataset.get("Rows") or 0),
            int(dataset.get("Columns") or 0),
            int(dataset.get("NumberOfFrames") or 1),
        )


def pixel_spacing(header: Header) -> tuple[tuple[float, float] | None, tuple[str, ...]]:
    """Return the millimetres between rows and between columns, or None, and a note.

    Where the patient's are unknown, as of a projection, those at the detector are taken.
    """
    with damage_named(header.path, KIND):
        for source in (*_groups(header.dataset, 0, "PixelMeasuresSequence"), header.dataset):
            spacing = _pair(source.get("PixelSpacing"))
            if spacing is not None:
                return spacing, ()
        spacing = _pair(header.dataset.get("ImagerPixelSpacing"))
    return spacing, ("spacing is that at the detector",) if spacing else ()


def planes(header: Header) -> list[Plane]:
    """Return where the frames of a file lie.

    Raises:
        DataError: a frame does not say so.
    """
    single = header.n_frames == 1
    with damage_named(header.path, KIND):
        said = len(header.dataset.get("PerFrameFunctionalGroupsSequence") or ())
    if not single and said != header.n_frames:
        raise DataError(
            f"{header.path} holds {header.n_frames} frames that do not say where they lie (a film, "
            "or no volume); expected one image or a volume: export the frame to take"
        )
    return [
        _plane(header, i, header.path.name if single else f"frame {i + 1}")
        for i in range(header.n_frames)
    ]


def rescales(header: Header) -> np.ndarray:
    """Return slope and intercept of every frame, (n, 2); 1 and 0 where there are none."""
    with damage_named(header.path, KIND):
        return np.array([_rescale(header.dataset, i) for i in range(header.n_frames)])


def _plane(header: Header, frame: int, name: str) -> Plane:
    axes = _placing(header, frame, "PlaneOrientationSequence", "ImageOrientationPatient", 6)
    lengths = np.linalg.norm(axes.reshape(2, 3), axis=1)
    if not np.allclose(lengths, 1, atol=1e-2) or abs(axes[:3] @ axes[3:]) > 1e-2:
        raise DataError(
            f"{header.path} has the orientation {shown(str(axes.tolist()))}; expected two unit "
            "vectors at right angles; get it again"
        )
    position = _placing(header, frame, "PlanePositionSequence", "ImagePositionPatient", 3)
    spacing = _placing(header, frame, "PixelMeasuresSequence", "PixelSpacing", 2)
    if not (spacing > 0).all():
        raise DataError(
            f"{header.path} has pixels of {shown(str(spacing.tolist()))} mm; expected lengths "
            "above 0; get it again"
        )
    return Plane(name, position, axes[:3], axes[3:], (float(spacing[0]), float(spacing[1])))


def _placing(header: Header, frame: int, group: str, tag: str, count: int) -> np.ndarray:
    """Return the numbers by which a frame has its place, or raise DataError."""
    with damage_named(header.path, KIND):
        numbers = _numbers(_value(header.dataset, frame, group, tag), count)
    if numbers is None:
        raise DataError(
            f"{header.path} does not say where it lies (its {tag} is absent or not {count} "
            "numbers); expected a slice of a volume: leave it out, or get it again"
        )
    return numbers


def _value(dataset: Any, frame: int, group: str, tag: str) -> Any:
    """Return a value of a frame: of its own group, the group shared by all, or the file."""
    for item in (*_groups(dataset, frame, group), dataset):
        value = item.get(tag)
        if value is not None:
            return value
    return None


def _groups(dataset: Any, frame: int, group: str) -> Iterator[Any]:
    of_frames = dataset.get("PerFrameFunctionalGroupsSequence") or []
    if frame < len(of_frames):
        yield from of_frames[frame].get(group) or []
    for shared in dataset.get("SharedFunctionalGroupsSequence") or []:
        yield from shared.get(group) or []


def _rescale(dataset: Any, frame: int) -> tuple[float, float]:
    group = "PixelValueTransformationSequence"
    slope = _value(dataset, frame, group, "RescaleSlope")
    intercept = _value(dataset, frame, group, "RescaleIntercept")
    pair = (1.0 if slope is None else float(slope), 0.0 if intercept is None else float(intercept))
    if not np.isfinite(pair).all() or pair[0] == 0:
        raise ValueError(f"its rescale slope and intercept are {pair}")
    return pair


def _numbers(value: Any, count: int) -> np.ndarray | None:
    if value is None or isinstance(value, str | int | float) or len(value) != count:
        return None
    numbers = np.array([float(number) for number in value])
    return numbers if np.isfinite(numbers).all() else None


def _pair(value: Any) -> tuple[float, float] | None:
    numbers = _numbers(value, 2)
    if numbers is None or not (numbers > 0).all():
        return None
    return float(numbers[0]), float(numbers[1])
