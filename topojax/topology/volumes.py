"""Volumes of sublevel sets: how many voxels of the ROI have entered at each threshold.

They know nothing of topology. Where they classify as well as Betti curves do, so does a histogram.
"""

from __future__ import annotations

import numpy as np

from topojax.kernels.threads import check_threads, map_in_threads
from topojax.topology.filtered_images import FilteredImages
from topojax.topology.grids import sample_grids


def sublevel_volumes(
    images: FilteredImages, masks: np.ndarray, n_thresholds: int
) -> dict[str, np.ndarray]:
    """Return V'(t), the number of ROI voxels not above each threshold, by filtration.

    Args:
        images: under the bank's filtrations.
        masks: bool (n, *spatial); the ROIs.
        n_thresholds: N, of grids that each image has of its own: `sample_grids`.

    Returns:
        int64 (n, N) each.

    Example:
        >>> values = {"intensity": np.array([[[1, 2, 3, np.inf]]], np.float32)}
        >>> images = FilteredImages(values, {"intensity": np.array([0.0, 2.0, 4.0])})
        >>> sublevel_volumes(images, np.ones((1, 1, 4), bool), 3)["intensity"].tolist()
        [[0, 2, 3]]
    """
    return {
        name: _volumes(values, masks, _thresholds(images, name, masks, n_thresholds))
        for name, values in images.values.items()
    }


def _thresholds(
    images: FilteredImages, name: str, masks: np.ndarray, n_thresholds: int
) -> np.ndarray:
    shared = images.thresholds(name)
    if shared is None:
        return sample_grids(images.values[name], masks, n_thresholds)
    return np.broadcast_to(shared, (len(masks), len(shared)))


def _volumes(values: np.ndarray, masks: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    n_thresholds = thresholds.shape[1]

    def volumes(index: int) -> np.ndarray:
        inside = values[index][masks[index]]
        # Levels of a grid are places among its thresholds already.
        if inside.dtype != np.uint8:
            inside = np.searchsorted(thresholds[index], inside.astype(np.float64), "left")
        return np.bincount(inside, minlength=n_thresholds + 1)[:n_thresholds].cumsum()

    return np.stack(map_in_threads(volumes, range(len(values)), check_threads(None)))
