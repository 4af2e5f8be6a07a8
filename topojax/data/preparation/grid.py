"""Where the voxels of an image are: among those that its file stores, and in the patient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Grid:
    """The voxels of a prepared image of d axes, and those of its file.

    Attributes:
        shape: of the prepared image.
        to_stored: float64 (d + 1, d + 1), index of a prepared voxel -> index of a stored one.
        stored_shape: of the file.
        affine: float64 (4, 4), index of a stored voxel -> millimetres to the patient's right,
            front and head; None where the file does not say.
        stored_spacing: millimetres along the file's axes, or None.
    """

    shape: tuple[int, ...]
    to_stored: np.ndarray
    stored_shape: tuple[int, ...]
    affine: np.ndarray | None
    stored_spacing: tuple[float, ...] | None

    @classmethod
    def of_file(
        cls,
        shape: tuple[int, ...],
        affine: np.ndarray | None,
        spacing: tuple[float, ...] | None,
    ) -> Grid:
        """Return the grid of an image that nothing has been done to."""
        return cls(shape, np.eye(len(shape) + 1), shape, affine, spacing)

    @property
    def spacing(self) -> tuple[float, ...] | None:
        """Millimetres along the prepared axes, or None."""
        if self.stored_spacing is None:
            return None
        steps = self.to_stored[:-1, :-1] * np.array(self.stored_spacing)[:, None]
        return tuple(np.linalg.norm(steps, axis=0).tolist())

    def reordered(self, axes: Sequence[int], turned: Sequence[bool]) -> Grid:
        """Return the grid with axes exchanged and some turned over.

        Args:
            axes: which axis of now becomes each one.
            turned: whether that runs the other way.
        """
        step = np.zeros_like(self.to_stored)
        step[-1, -1] = 1
        for new, (old, is_turned) in enumerate(zip(axes, turned, strict=True)):
            step[old, new] = -1 if is_turned else 1
            step[old, -1] = self.shape[old] - 1 if is_turned else 0
        shape = tuple(self.shape[old] for old in axes)
        return self._after(step, shape)

    def resampled(self, steps: Sequence[float], shape: tuple[int, ...]) -> Grid:
        """Return a grid of other steps whose first voxel begins where the first one does.

        Args:
            steps: of the new voxels along each axis, in voxels of now.
            shape: how many there are.
        """
        step = np.diag([*steps, 1.0])
        # Centres of voxels: half a new one from the edge, and half an old one back.
        step[:-1, -1] = np.array(steps) / 2 - 0.5
        return self._after(step, shape)

    def moved(self, start: Sequence[int], shape: tuple[int, ...]) -> Grid:
        """Return the grid that begins at the voxel `start`, which may be outside."""
        step = np.eye(len(self.shape) + 1)
        step[:-1, -1] = start
        return self._after(step, shape)

    def _after(self, step: np.ndarray, shape: tuple[int, ...]) -> Grid:
        return Grid(
            shape, self.to_stored @ step, self.stored_shape, self.affine, self.stored_spacing
        )

    def back(self, values: np.ndarray, *, order: int, outside: float = 0.0) -> np.ndarray:
        """Return a map of the prepared voxels on the file's grid.

        Args:
            values: of the prepared shape.
            order: 0 for the nearest voxel's value, 1 for linear interpolation.
            outside: the value of stored voxels that were cropped away.
        """
        from scipy import ndimage

        inverse = np.linalg.inv(self.to_stored)
        # Half a voxel beyond the outermost centres is still inside of the outermost voxels.
        padded = np.pad(values, 1, mode="edge")
        found = ndimage.affine_transform(
            padded,
            inverse[:-1, :-1],
            inverse[:-1, -1] + 1,
            self.stored_shape,
            order=order,
            mode="nearest",
        )
        return np.where(self._covered(inverse), found, np.asarray(outside, found.dtype))

    def _covered(self, inverse: np.ndarray) -> np.ndarray:
        """Return which stored voxels have their centre in the prepared image, bool."""
        covered = np.ones(self.stored_shape, bool)
        index = np.indices(self.stored_shape, sparse=True)
        for axis, length in enumerate(self.shape):
            place = sum(
                (inverse[axis, other] * index[other] for other in range(len(self.shape))),
                start=np.asarray(inverse[axis, -1]),
            )
            # Whole numbers that are not quite whole, of an inverse.
            covered &= (place >= -0.5 - 1e-6) & (place <= length - 0.5 + 1e-6)
        return covered


def ras_axes(affine: np.ndarray) -> tuple[tuple[int, ...], tuple[bool, ...]]:
    """Return which stored axis runs nearest to right, front and head, and whether against it.

    The assignment of axes to directions of the largest sum of cosines, so that no two axes take
    one direction, however oblique they are.

    Args:
        affine: float64 (4, 4), stored index -> millimetres to right, front and head.
    """
    from scipy.optimize import linear_sum_assignment

    directions = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    _, axes = linear_sum_assignment(-np.abs(directions))
    turned = tuple(bool(directions[world, axis] < 0) for world, axis in enumerate(axes))
    return tuple(int(axis) for axis in axes), turned


def obliquity(affine: np.ndarray) -> float:
    """Return the largest angle between a stored axis and the direction it runs nearest to, in °."""
    directions = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    axes, _ = ras_axes(affine)
    cosines = [abs(directions[world, axis]) for world, axis in enumerate(axes)]
    return float(np.degrees(np.arccos(min(min(cosines), 1.0))))
