"""What the images of one data set have to share, held against the first of them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from topojax.data.preparation import Prepared
from topojax.data.preparation.spacings import in_millimetres, same_spacing


@dataclass(frozen=True)
class ImageFacts:
    """What is known of one image once it has been read.

    Attributes:
        stored_shape: voxels along the file's axes.
        spacing: millimetres along the prepared axes, as stored, or None.
        shape: of the prepared image, channels too.
        spatial_dims: 2 or 3.
        notes: what was done that is not plain.
    """

    stored_shape: tuple[int, ...]
    spacing: tuple[float, ...] | None
    shape: tuple[int, ...]
    spatial_dims: int
    notes: tuple[str, ...]

    @classmethod
    def of(cls, prepared: Prepared) -> ImageFacts:
        """Return what is known of a prepared image."""
        grid = prepared.grid
        return cls(
            grid.stored_shape,
            prepared.stored_spacing,
            prepared.voxels.shape,
            len(grid.shape),
            prepared.notes,
        )

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> ImageFacts:
        """Return what `to_json` gave; KeyError or TypeError where it is not there."""
        spacing = stored["spacing"]
        return cls(
            tuple(stored["stored_shape"]),
            None if spacing is None else tuple(spacing),
            tuple(stored["shape"]),
            stored["spatial_dims"],
            tuple(stored["notes"]),
        )

    def to_json(self) -> dict[str, Any]:
        """Return the facts as a JSON object."""
        return asdict(self)


def differs_in_kind(
    one: ImageFacts, first: ImageFacts, whose: str, *, any_spacing: bool
) -> str | None:
    """Return what keeps an image from being described beside the first one, or None.

    Args:
        one: the image.
        first: the first of the data set.
        whose: the first one's name, for the message.
        any_spacing: whether spacings may differ.
    """
    if one.spatial_dims != first.spatial_dims:
        return (
            f"has {one.spatial_dims} axes, {whose} {first.spatial_dims}; expected images alone or "
            "volumes alone"
        )
    if not any_spacing and not same_spacing(one.spacing, first.spacing):
        return (
            f"has {in_millimetres(one.spacing)}, {whose} {in_millimetres(first.spacing)}; set "
            "prepare.spacing to the millimetres that all are resampled to, or to any to take each "
            "as it is stored"
        )
    return None


def differs(one: ImageFacts, first: ImageFacts, whose: str, *, any_spacing: bool) -> str | None:
    """Return what keeps an image from being in one array with the first one, or None.

    Args:
        one, first, whose, any_spacing: as `differs_in_kind`.
    """
    said = differs_in_kind(one, first, whose, any_spacing=any_spacing)
    if said is None and one.shape != first.shape:
        return (
            f"is of {_voxels(one)} voxels, {whose} of {_voxels(first)}; set --size, or "
            "prepare.shape (--shape), to bring all to one shape"
        )
    return said


def _voxels(facts: ImageFacts) -> str:
    return " x ".join(map(str, facts.shape[: facts.spatial_dims]))
