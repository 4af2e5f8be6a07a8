"""How far apart voxels of a TIFF file lie: as ImageJ and as OME say it."""

from __future__ import annotations

import math
from typing import Any
from xml.etree import ElementTree

_MILLIMETRES = {
    "m": 1e3, "cm": 10.0, "mm": 1.0, "um": 1e-3, "µm": 1e-3, "μm": 1e-3, "nm": 1e-6,
    "micron": 1e-3, "microns": 1e-3, "inch": 25.4, "in": 25.4,
}  # fmt: skip


def tiff_spacing(file: Any, dims: int) -> tuple[float, ...] | None:
    """Return millimetres between slices, rows and columns; None where one of them is not said.

    The resolution of other TIFF files is that of a print or screen, and not taken.
    """
    if file.is_ome and file.ome_metadata:
        lengths = _ome(file.ome_metadata)
    elif file.is_imagej and file.imagej_metadata:
        lengths = _imagej(file.imagej_metadata, file.pages.first.tags)
    else:
        return None
    spacing = tuple(length for length in lengths[-dims:] if length is not None)
    usable = len(spacing) == dims and all(math.isfinite(step) and step > 0 for step in spacing)
    return spacing if usable else None


def _ome(text: str) -> list[float | None]:
    """Return the physical sizes of Z, Y and X; their unit is the micrometre unless said."""
    for element in ElementTree.fromstring(text).iter():
        if element.tag.endswith("}Pixels") or element.tag == "Pixels":
            return [
                _length(
                    element.get(f"PhysicalSize{axis}"), element.get(f"PhysicalSize{axis}Unit", "µm")
                )
                for axis in "ZYX"
            ]
    return [None, None, None]


def _imagej(said: dict[str, Any], tags: Any) -> list[float | None]:
    unit = str(said.get("unit", "")).replace("\\u00B5", "µ")
    return [
        _length(said.get("spacing"), unit),
        _length(_inverse(tags.get("YResolution")), unit),
        _length(_inverse(tags.get("XResolution")), unit),
    ]


def _inverse(tag: Any) -> float | None:
    """Return the length of a pixel from pixels a unit, a fraction."""
    numerator, denominator = tag.value if tag is not None else (0, 1)
    return denominator / numerator if numerator else None


def _length(number: Any, unit: str) -> float | None:
    scale = _MILLIMETRES.get(unit)
    return None if number is None or scale is None else float(number) * scale
