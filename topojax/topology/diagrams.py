"""Persistence diagrams that the kernel gives exactly, and vectors of them."""

from __future__ import annotations

from typing import Literal

import numpy as np

from topojax.kernels import persistence_pairs


def persistence_diagrams(
    images: np.ndarray, dim: int, *, ceiling: float, construction: Literal["T", "V"] = "T"
) -> list[np.ndarray]:
    """Return one diagram an image, of the filtration that ends at `ceiling`.

    Vectors need finite bars. Ending the filtration of every image at the same value gives bars
    that never end a length that compares between images, and treats all others alike.

    Args:
        images: (n, H, W) or (n, D, H, W), bool, integer or float. A voxel of +inf is absent.
        dim: from 0 to d - 1.
        ceiling: deaths beyond it, +inf among them, become it; bars born at or beyond it are
            left out.
        construction: T or V (METHOD.md, "Constructions").

    Returns:
        float64 (n_bars, 2) each: birth < death <= ceiling.

    Raises:
        TypeError, ValueError: as `topojax.kernels.persistence_pairs`.

    Example:
        >>> two_wells = np.array([[[0, 4, 1]]])
        >>> persistence_diagrams(two_wells, 0, ceiling=9.0)[0].tolist()
        [[0.0, 9.0], [1.0, 4.0]]
    """
    return [
        end_bars(persistence_pairs(image, dim, construction=construction)[0], ceiling)
        for image in images
    ]


def end_bars(diagram: np.ndarray, ceiling: float) -> np.ndarray:
    """Return the bars (n, 2) with deaths of at most `ceiling`; those of no length left out."""
    ended = np.minimum(diagram, ceiling)
    return ended[ended[:, 0] < ended[:, 1]]


def persistence_entropy(diagram: np.ndarray) -> float:
    """Return the entropy -sum p log p of the bars' shares p of the total length, in nats.

    A diagram without a bar has entropy 0 (Atienza, Gonzalez-Diaz and Soriano-Trigueros 2018,
    arXiv:1803.08304, definition 2.3).

    Example:
        >>> round(persistence_entropy(np.array([[0.0, 2.0], [1.0, 3.0]])), 3)
        0.693
    """
    lengths = diagram[:, 1] - diagram[:, 0]
    shares = lengths / lengths.sum()
    return float(shares @ -np.log(shares))


def persistence_image(
    diagram: np.ndarray,
    births: np.ndarray,
    lengths: np.ndarray,
    *,
    bandwidth: float,
    weight_power: float,
) -> np.ndarray:
    """Return the persistence surface at grid points (Adams et al. 2017, JMLR 18(8), section 4).

    Every bar is a Gaussian around (birth, length), weighted by length ** weight_power. It factors
    into one of births and one of lengths, so that a product of two matrices sums all bars.

    Args:
        diagram: float64 (n_bars, 2), birth < death.
        births: float64 (W,), columns.
        lengths: float64 (H,), rows.
        bandwidth: standard deviation, in units of intensity.
        weight_power: at least 0; 1 is the paper's linear weight.

    Returns:
        float64 (H, W).

    Example:
        >>> bar = np.array([[0.0, 2.0]])
        >>> persistence_image(
        ...     bar, np.array([0.0, 1.0]), np.array([0.0, 2.0]), bandwidth=0.1, weight_power=1.0
        ... ).round(2).tolist()
        [[0.0, 0.0], [31.83, 0.0]]
    """
    lifetimes = diagram[:, 1] - diagram[:, 0]
    columns = _gaussian(births - diagram[:, :1], bandwidth)
    rows = _gaussian(lengths - lifetimes[:, np.newaxis], bandwidth)
    return (lifetimes[:, np.newaxis] ** weight_power * rows).T @ columns


def _gaussian(distances: np.ndarray, bandwidth: float) -> np.ndarray:
    density = np.exp(-0.5 * np.square(distances / bandwidth))
    return density / (np.sqrt(2 * np.pi) * bandwidth)
