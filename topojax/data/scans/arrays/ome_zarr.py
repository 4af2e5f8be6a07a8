"""What the attributes of an OME-Zarr image say: its levels, axes and scale.

Source: OME-NGFF 0.4, "multiscales" among a group's attributes, and 0.5, the same below "ome".
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from topojax.errors import DataError, shown

_MILLIMETRES = {
    "angstrom": 1e-7, "nanometer": 1e-6, "micrometer": 1e-3, "millimeter": 1.0, "centimeter": 10.0,
    "decimeter": 100.0, "meter": 1e3, "inch": 25.4,
}  # fmt: skip


@dataclass(frozen=True)
class Level:
    """One resolution of an image.

    Attributes:
        path: of its array in the group.
        axes: (name, type) of every axis of the array.
        spacing: millimetres along each spatial axis; None where scale or unit is not said.
        notes: what else was there.
    """

    path: str
    axes: tuple[tuple[str, str], ...]
    spacing: tuple[float, ...] | None
    notes: tuple[str, ...]

    @property
    def spatial_axes(self) -> tuple[int, ...]:
        """Return which axes are spatial."""
        return tuple(i for i, (_, kind) in enumerate(self.axes) if kind == "space")

    def check_shape(self, shape: tuple[int, ...], path: Path) -> None:
        """Raise DataError unless the array has these axes, and one of every other than space."""
        if len(shape) != len(self.axes) or len(self.spatial_axes) not in (2, 3):
            raise DataError(
                f"{path} has an array of shape {shape} for the axes {shown(str(self.axes))}; "
                "expected two or three axes of space"
            )
        for length, (name, kind) in zip(shape, self.axes, strict=True):
            if kind != "space" and length != 1:
                what = {"time": "times", "channel": "channels"}.get(kind, "images")
                raise DataError(
                    f"{path} holds {length} {what} (axis {shown(name)}); expected one image: "
                    "export the one to take"
                )


def multiscales(attributes: dict[str, Any]) -> list[dict[str, Any]] | None:
    """Return the images that a group's attributes describe; None where it is no image."""
    ome = attributes.get("ome")
    return (ome if isinstance(ome, dict) else attributes).get("multiscales")


def finest_level(images: list[dict[str, Any]], path: Path) -> Level:
    """Return the first level of the first image, the finest.

    Raises:
        DataError: an axis without a name and kind.
        LookupError, TypeError, ValueError, AttributeError: attributes of another form.
    """
    image = images[0]
    axes = tuple(_axis(axis, path) for axis in image["axes"])
    level = image["datasets"][0]
    scales = [
        _scale(owner.get("coordinateTransformations") or (), len(axes)) for owner in (level, image)
    ]
    lengths = [
        math.prod(scale[i] for scale in scales) * _MILLIMETRES.get(axis.get("unit", ""), math.nan)
        for i, axis in enumerate(image["axes"])
        if axes[i][1] == "space"
    ]
    known = all(math.isfinite(length) and length > 0 for length in lengths)
    notes = (f"the first of {len(images)} images taken",) if len(images) > 1 else ()
    return Level(str(level["path"]), axes, tuple(lengths) if known else None, notes)


def _axis(axis: dict[str, Any], path: Path) -> tuple[str, str]:
    if not isinstance(axis, dict) or "name" not in axis:
        raise DataError(f"{path} has axes without names, older than OME-NGFF 0.4; convert it")
    return str(axis["name"]), str(axis.get("type", ""))


def _scale(transformations: Any, n_axes: int) -> list[float]:
    scales = [one["scale"] for one in transformations if one["type"] == "scale"]
    for scale in scales:
        if len(scale) != n_axes:
            raise ValueError(f"a scale of {len(scale)} numbers for {n_axes} axes")
    return [math.prod(float(scale[i]) for scale in scales) for i in range(n_axes)]
