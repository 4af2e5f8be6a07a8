"""How images of files become arrays, and how a manifest is read: of no data set in arrays."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from topojax.config.section import MOST_PIXELS, Section

_Millimetres = Annotated[float, Field(gt=0, le=1e6)]
_Voxels = Annotated[int, Field(ge=1, le=MOST_PIXELS)]
_Percent = Annotated[float, Field(ge=0, le=100)]


class PrepareConfig(Section):
    """From one image as its file stores it to float32 voxels (METHOD.md, "Preparation").

    In this order: colour, intensities, orientation, spacing, shape.
    """

    orientation: Literal["ras", "stored"] = "ras"
    """`ras`: axes of volumes are exchanged and turned over, by the file's affine, so that they run
    to the patient's right, front and head, without interpolation; formats that have no affine stay
    as they are. `stored`: all stay so, and a file that does not say how it lies is taken."""
    spacing: _Millimetres | tuple[_Millimetres, ...] | Literal["any"] | None = None
    """Millimetres between voxels that images are resampled to, one number or one an axis. None:
    as stored, which all images have to share; `any`: as stored, whatever it is."""
    expected_spacing: tuple[_Millimetres, ...] | None = None
    """Millimetres between voxels that every image has to have where `spacing` is None. A fit sets
    it to what its own images have, so that scans of another spacing are not read later on."""
    shape: tuple[_Voxels, ...] | None = None
    """Voxels along each axis. With a spacing in millimetres, images are cropped and padded around
    their centre; without, they are resized. None: `size` along every axis, or as stored."""
    window: tuple[float, float] | None = None
    """Intensities in the file's units (such as Hounsfield units) that become 0 and 1; what lies
    outside is cut to them."""
    percentiles: tuple[_Percent, _Percent] | None = None
    """The same window, taken of each image's own intensities."""
    normalise: Literal["none", "range", "z-score"] = "none"
    """Of each image by itself, after the window: `range`: its least and largest intensity become 0
    and 1; `z-score`: mean 0 and standard deviation 1. `none`: bytes are divided by 255, all else
    stays."""
    colour: Literal["refuse", "keep", "luma"] = "refuse"
    """What becomes of colour images: an error; three channels, which all images need then; or
    their luma, as grey ones."""

    @model_validator(mode="after")
    def _fits_together(self) -> PrepareConfig:
        for name in ("window", "percentiles"):
            ends = getattr(self, name)
            if ends is not None and not ends[0] < ends[1]:
                raise ValueError(f"{name}={list(ends)} must be a range, low < high")
        if self.window is not None and self.percentiles is not None:
            raise ValueError("window and percentiles are two windows; give one of them")
        if self.window is not None and self.normalise == "range":
            raise ValueError("window gives intensities in [0, 1] already; leave normalise out")
        return self

    @property
    def keeps_units(self) -> bool:
        """Tell whether intensities stay in the units of the files."""
        return self.window is None and self.percentiles is None and self.normalise == "none"


class ManifestConfig(Section):
    """Names of a manifest's columns, and the split where it has none.

    None: the column of the role's own name (path, label, split, group, mask) where there is one.
    """

    path: str | None = None
    """File or folder of an image, relative to the manifest's folder."""
    label: str | None = None
    """Class, any text."""
    split: str | None = None
    """train, val or test."""
    group: str | None = None
    """Whose image it is: no group is in two splits."""
    mask: str | None = None
    """File of a mask of the image's own grid, 0 outside."""
    split_seed: int = Field(0, ge=0, lt=2**32)
    """Chooses which groups train, validate and test where there is no split; apart from `seed`, so
    that runs of several seeds are of one split."""
