"""Threshold grids t_1 < … < t_N of the Betti curves (METHOD.md, "Grids")."""

from __future__ import annotations

import numpy as np

from topojax.config import TopologyConfig
from topojax.errors import DataError
from topojax.masked import refuse_masked
from topojax.row_files.row_blocks import row_blocks
from topojax.topology.radix_quantiles import radix_quantiles

# Values that are sorted at once, in a copy; of more, voxels are counted.
_MOST_SORTED = 2**24


def learn_grid(
    images: np.ndarray, config: TopologyConfig, *, name: str = "images"
) -> np.ndarray | None:
    """Return the thresholds that all samples share, float64 (N,), or None: made for each sample.

    Args:
        images: what is filtered of the training split, (n, *spatial); see `filtered`.
        config: kind of grid and number of thresholds.
        name: of the images, for the message.

    Raises:
        DataError: the finite values are one constant, or none, and the grid is learnt from them.

    Example:
        >>> images = np.array([[[0, 4, 1]]])
        >>> learn_grid(images, TopologyConfig(n_thresholds=3)).tolist()
        [0.0, 2.0, 4.0]
        >>> learn_grid(images, TopologyConfig(grid="sample")) is None
        True
    """
    if config.grid == "fixed":
        return fixed_grid(images, config.n_thresholds, name=name)
    if config.grid == "quantile":
        return quantile_grid(images, config.n_thresholds, name=name)
    return None


def fixed_grid(images: np.ndarray, n: int, *, name: str = "images") -> np.ndarray:
    """Return N even steps shared by all samples, float64 (N,): the training split's range.

    Curves of different samples are comparable only on a shared grid. Voxels of +inf, which never
    enter, have no say; `name` is that of the images, for the message.

    Raises:
        DataError: the finite values are one constant, or none, so that there is nothing to filter.

    Example:
        >>> fixed_grid(np.array([0, 4, 1]), 3).tolist()
        [0.0, 2.0, 4.0]
    """
    return np.linspace(*_extremes(images, name), n)


def quantile_grid(images: np.ndarray, n: int, *, name: str = "images") -> np.ndarray:
    """Return N thresholds, each of which lets equally many training voxels in, float64 (N,).

    An intensity that more voxels have than their share (a background of one value, say) is a
    threshold of its own, and the others are spread over what is left. Images of fewer than N
    intensities have every one of them as a threshold: 2 at least.

    Args:
        images: any shape; voxels of +inf, which never enter, have no say.
        n: N, at least 2.
        name: of the images, for the message.

    Raises:
        DataError: the finite values are one constant, or none.

    Example:
        >>> quantile_grid(np.array([0, 0, 0, 0, 1, 2, 3, 4]), 3).tolist()
        [0.0, 2.0, 4.0]
    """
    _extremes(images, name)
    if images.size > _MOST_SORTED and images.dtype == np.float32:
        return radix_quantiles(images, n)
    values, counts = np.unique(_present(images), return_counts=True)
    if len(values) <= n:
        return values.astype(np.float64)
    # With the h largest counts cut to one share, a share is what is left over n - h.
    largest = np.sort(counts)[::-1][:n].astype(np.int64)
    left = counts.sum() - np.cumsum(largest) + largest
    slots = n - np.arange(n)
    first = int(np.argmax(largest * slots <= left))
    # In units of 1/slots of a voxel all numbers are whole, and no two shares end at one value.
    share = int(left[first])
    masses = np.minimum(counts.astype(np.int64) * int(slots[first]), share)
    ends = share * np.arange(1, n + 1)
    return values[np.searchsorted(np.cumsum(masses), ends)].astype(np.float64)


def sample_grids(images: np.ndarray, masks: np.ndarray, n: int) -> np.ndarray:
    """Return one grid a sample, float64 (B, N): N even steps over the values of X' and 0.

    From min(0, min X') to max(0, max X') over the ROI; of images that are not negative 0 … max X'
    (paper, section 3). Where all of the ROI is 0, the grid is 0 … 1: its curves are constant either
    way. Voxels of +inf, which never enter, have no say.

    Example:
        >>> images = np.array([[[1, 2, 8]], [[1, 2, 9]]])
        >>> sample_grids(images, images < 9, 3).tolist()
        [[0.0, 4.0, 8.0], [0.0, 1.0, 2.0]]
    """
    refuse_masked(images, "images")
    axes = tuple(range(1, images.ndim))
    masks = masks & (images < np.inf)
    low = np.min(images, axis=axes, where=masks, initial=0.0).astype(np.float64)
    high = np.max(images, axis=axes, where=masks, initial=0.0).astype(np.float64)
    high = np.where(low == high, 1.0, high)
    # As linspace does for one sample; for many its rounding depends on the others.
    steps = (high - low) / (n - 1)
    grids = np.arange(n) * steps[:, None] + low[:, None]
    grids[:, -1] = high
    return grids


def _present(images: np.ndarray) -> np.ndarray:
    """Return the values that are not +inf, or the images themselves where all are finite."""
    return images if images.size and images.max() < np.inf else images[images < np.inf]


def _extremes(images: np.ndarray, name: str) -> tuple[float, float]:
    """Return the least and the largest finite value.

    Raises:
        DataError: they are the same, or there is none.
    """
    refuse_masked(images, "images")
    runs = (_present(images[rows]) for rows in row_blocks(images.shape))
    ends = [(float(values.min()), float(values.max())) for values in runs if values.size]
    if not ends:
        raise DataError(
            f"{name} have no finite value; the threshold grid needs at least two intensities"
        )
    low, high = min(low for low, _ in ends), max(high for _, high in ends)
    if not low < high:
        raise DataError(
            f"{name} are constant at {low}; the threshold grid needs at least two intensities"
        )
    return low, high
