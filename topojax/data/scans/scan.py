"""One image as its file stores it, with what the file says of its place in the patient."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Scan:
    """An image or a volume, its axes in the order in which the file stores them.

    Attributes:
        voxels: (A, B) or (A, B, C) of a real dtype, after the file's own slope and intercept; of
            colour with a last axis of 3: red, green, blue.
        spatial_dims: 2 or 3.
        affine: float64 (4, 4), from the index (i, j, k) of a voxel to millimetres to the patient's
            right, front and head (RAS+); None where the file does not say, and of images.
        spacing: millimetres along each spatial axis; None where the file does not say.
        notes: what was taken of the file otherwise than it lies there.
        lacks_orientation: whether the format says where axes point to in the patient, and this
            file does not.
    """

    voxels: np.ndarray
    spatial_dims: int
    affine: np.ndarray | None = None
    spacing: tuple[float, ...] | None = None
    notes: tuple[str, ...] = ()
    lacks_orientation: bool = False

    @property
    def has_colour(self) -> bool:
        """Whether the last axis of the voxels is red, green and blue."""
        return self.voxels.ndim > self.spatial_dims

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the spatial axes."""
        return self.voxels.shape[: self.spatial_dims]
