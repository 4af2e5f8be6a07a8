"""Filtrations of the shape of the object {X > t}: distance, distance to its centroid, height.

t is Otsu's threshold of the whole image unless given. Nothing is above the threshold of a constant
image: its object is empty.
"""

from __future__ import annotations

import math

import numpy as np
from scipy import ndimage


class OtsuThresholds:
    """Otsu's thresholds of many images (Otsu 1979), each computed when it is first asked for.

    Args:
        images: float32 (n, *spatial).
    """

    def __init__(self, images: np.ndarray) -> None:
        self._images = images
        self._found = np.full(len(images), np.nan, np.float32)

    def of(self, rows: slice) -> np.ndarray:
        """Return the thresholds of some of the images, float32 (m,)."""
        found = self._found[rows]
        for i in np.flatnonzero(np.isnan(found)):
            found[i] = otsu_threshold(self._images[rows][i])
        return found


def otsu_threshold(image: np.ndarray) -> np.float32:
    """Return scikit-image's `threshold_otsu`; the value itself where all voxels have one.

    Rounded down to float32, in which the same voxels are above it.
    """
    from skimage.filters import threshold_otsu

    # In float64, where 256 bins fit between any two numbers of float32.
    exact = threshold_otsu(image.astype(np.float64))
    rounded = np.float32(exact)
    return np.nextafter(rounded, np.float32(-np.inf)) if rounded > exact else rounded


def objects_above(images: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """Return {X > t} of each image, bool (m, *spatial); thresholds are float32 (m,) or (1,)."""
    return images > thresholds.reshape(-1, *[1] * (images.ndim - 1))


def signed_distances(objects: np.ndarray) -> np.ndarray:
    """Return distances in voxels to the objects, float32 (m, *spatial).

    Outside, the Euclidean distance to the nearest voxel of the object; inside, minus that to the
    nearest voxel outside it: 1 and -1 on the two sides of a face. Without an object it is the
    grid's diagonal √(Σ n²) everywhere, more than any distance; where all voxels are the object,
    minus that.
    """
    beyond = np.float32(math.sqrt(sum(side * side for side in objects.shape[1:])))
    values = np.empty(objects.shape, np.float32)
    for inside, value in zip(objects, values, strict=True):
        sides = {bool(side) for side in (inside.min(), inside.max())}
        if len(sides) == 2:
            # One of the two is 0 at each voxel.
            value[...] = ndimage.distance_transform_edt(~inside)
            value -= ndimage.distance_transform_edt(inside)
        else:
            value[...] = -beyond if True in sides else beyond
    return values


def radial_distances(objects: np.ndarray) -> np.ndarray:
    """Return distances in voxels to the object's centroid on the object, float32 (m, *spatial).

    +inf elsewhere, and so everywhere where there is no object.
    """
    values = np.full(objects.shape, np.inf, np.float32)
    coordinates = _coordinates(objects.shape[1:])
    for inside, value in zip(objects, values, strict=True):
        size = np.count_nonzero(inside)
        if size:
            centroid = [(axis * inside).sum() / size for axis in coordinates]
            offsets = zip(coordinates, centroid, strict=True)
            squares = sum(np.square(axis - centre) for axis, centre in offsets)
            np.copyto(value, np.sqrt(squares), where=inside, casting="same_kind")
    return values


def heights(objects: np.ndarray, direction: tuple[float, ...]) -> np.ndarray:
    """Return heights along a direction on the object, float32 (m, *spatial); +inf elsewhere.

    In voxels from the middle of the grid: the direction is normalised. On the full grid half-spaces
    would be filtered, which are contractible and say nothing.
    """
    # Sums of whole numbers first: voxels of one plane get one height, to the last bit.
    spans = zip(_coordinates(objects.shape[1:]), objects.shape[1:], direction, strict=True)
    doubled = sum((2 * axis - (side - 1)) * step for axis, side, step in spans)
    height = (doubled / (2 * math.hypot(*direction))).astype(np.float32)
    return np.where(objects, height, np.float32(np.inf))


def _coordinates(shape: tuple[int, ...]) -> list[np.ndarray]:
    return list(np.ogrid[tuple(slice(0.0, side) for side in shape)])
