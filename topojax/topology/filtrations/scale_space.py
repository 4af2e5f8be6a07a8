"""Filters of Gaussian scale space, by scipy.ndimage's passes along one axis.

All have scipy's kernels, cut off at 4 sigma, and scipy's boundary `reflect` (d c b a | a b c d): an
edge is no step, and no slope. Where an image is constant as far as a kernel reaches, so is, bit by
bit, what comes out: flat ground gives no topology. Products of matrices would be faster, and would
not keep that.

Sources: Lindeberg 1998, "Feature detection with automatic scale selection", for the powers of sigma
that make scales comparable.
"""

from __future__ import annotations

import itertools

import numpy as np


def gaussian(images: np.ndarray, sigma: float) -> np.ndarray:
    """Return scipy's `gaussian_filter` of each image, float32 (m, *spatial)."""
    first, *others = _axes(images)
    smooth = _along(images, first, sigma, order=0)
    for axis in others:
        _along(smooth, axis, sigma, order=0, output=smooth)
    return smooth


def laplacian(images: np.ndarray, sigma: float) -> np.ndarray:
    """Return sigma^2 times scipy's `gaussian_laplace` of each image, float32 (m, *spatial).

    Positive at dark spots, negative at bright ones. What is summed can be smoothed together, so
    that volumes take 7 passes, where scipy's own function makes 9.
    """
    first, *others = _axes(images)
    bent = _along(images, first, sigma, order=2)
    smooth, second = images, np.empty_like(images)
    for before, axis in itertools.pairwise((first, *others)):
        smooth = _along(smooth, before, sigma, order=0, output=_own(smooth, images))
        _along(bent, axis, sigma, order=0, output=bent)
        bent += _along(smooth, axis, sigma, order=2, output=second)
    bent *= sigma**2
    return bent


def gradient(images: np.ndarray, sigma: float) -> np.ndarray:
    """Return sigma times scipy's `gaussian_gradient_magnitude`, float32 (m, *spatial)."""
    first, *others = _axes(images)
    smooth, slopes = images, [_along(images, first, sigma, order=1)]
    for before, axis in itertools.pairwise((first, *others)):
        smooth = _along(smooth, before, sigma, order=0, output=_own(smooth, images))
        for slope in slopes:
            _along(slope, axis, sigma, order=0, output=slope)
        slopes.append(_along(smooth, axis, sigma, order=1))
    squares = sum(np.square(slope, dtype=np.float64) for slope in slopes)
    return (sigma * np.sqrt(squares)).astype(np.float32)


def _axes(images: np.ndarray) -> range:
    return range(1, images.ndim)


def _own(values: np.ndarray, images: np.ndarray) -> np.ndarray:
    """Return where a pass over the values may write: in place, but for the images themselves."""
    return np.empty_like(images) if values is images else values


def _along(
    images: np.ndarray, axis: int, sigma: float, *, order: int, output: np.ndarray | None = None
) -> np.ndarray:
    from scipy import ndimage

    if output is None:
        output = np.empty_like(images)
    ndimage.gaussian_filter1d(images, sigma, axis, order, output=output, mode="reflect")
    return output
