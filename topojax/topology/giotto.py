"""giotto-tda's Betti curves, from the exact step functions and without a diagram.

giotto-tda samples every homology dimension on a grid of its own, from the smallest birth to the
largest death of that dimension's bars, with half-open bars b <= t < d and one infinite bar of
dimension 0 dropped. The step functions hold all of that: a bar is born where a Betti number first
leaves 0, and where it returns to 0 for good, the last bar has died. Hence no bar need be known.

The reference is giotto-tda 0.6.2, `CubicalPersistence` followed by `BettiCurve`, as the authors of
the paper chain them image by image.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from topojax.kernels import betti_steps
from topojax.kernels.arguments import absent_as_infinite


@dataclass(frozen=True)
class ReducedSteps:
    """Reduced Betti numbers of one image as step functions.

    Attributes:
        values: float64 (E,), increasing; the last is the image's largest value. E = 0 where the
            image has no voxel.
        betti: int64 (d, E); `betti[:, i]` holds from `values[i]` up to `values[i + 1]`. Below
            `values[0]` and from the last value on all are 0.
    """

    values: np.ndarray
    betti: np.ndarray

    def at(self, grids: np.ndarray) -> np.ndarray:
        """Return the reduced Betti numbers on one grid a dimension, int64 (d, N) for (d, N)."""
        before = np.pad(self.betti, ((0, 0), (1, 0)))
        positions = np.searchsorted(self.values, grids, side="right")
        return np.take_along_axis(before, positions, axis=1)

    def lifetimes(self) -> np.ndarray:
        """Return smallest birth and largest death, float64 (d, 2); inf and -inf without a bar."""
        spans = np.tile([np.inf, -np.inf], (len(self.betti), 1))
        for span, numbers in zip(spans, self.betti, strict=True):
            alive = np.flatnonzero(numbers)
            if alive.size:
                span[:] = self.values[alive[0]], self.values[alive[-1] + 1]
        return spans


def reduced_steps(image: np.ndarray, *, construction: Literal["T", "V"] = "T") -> ReducedSteps:
    """Return the reduced Betti numbers of one image, every bar ended at its largest value.

    The oldest component is left out. Other bars that never end, which only an image with absent
    voxels can have, end at the largest value present, as giotto-tda's `infinity_values=None` ends
    them.

    Args:
        image: (H, W) or (D, H, W), bool, integer or float. A voxel of +inf is absent.
        construction: T or V (METHOD.md, "Constructions").

    Raises:
        TypeError, ValueError: as `topojax.kernels.betti_steps`.

    Example:
        >>> two_wells = np.array([[0, 4, 1]])
        >>> steps = reduced_steps(two_wells)
        >>> steps.values.tolist(), steps.betti[0].tolist()
        ([0.0, 1.0, 4.0], [0, 1, 0])
    """
    pixels = absent_as_infinite(image, "image")
    values, betti = betti_steps(pixels, construction=construction)
    if not values.size:
        return ReducedSteps(values, betti)
    top = float(pixels[pixels < np.inf].max())
    before = values < top
    reduced = betti[:, before]
    reduced[0] -= 1
    return ReducedSteps(np.append(values[before], top), np.pad(reduced, ((0, 0), (0, 1))))


def giotto_grids(steps: Sequence[ReducedSteps], n: int) -> np.ndarray:
    """Return the grids that giotto-tda's `BettiCurve` learns from these images, float64 (d, N).

    A dimension without a bar in any image has a grid from 0 to the largest death of all
    dimensions; 0 counts among the deaths there, since giotto-tda fills the empty diagram with the
    bar (0, 0).

    Args:
        steps: one or more images of the same number of axes.
        n: number of thresholds N, at least 1.

    Example:
        >>> two_wells = np.array([[0, 4, 1]])
        >>> giotto_grids([reduced_steps(two_wells)], 4).tolist()
        [[1.0, 2.0, 3.0, 4.0], [0.0, 1.3333333333333333, 2.6666666666666665, 4.0]]
    """
    spans = np.stack([one.lifetimes() for one in steps])
    births, deaths = spans[..., 0].min(axis=0), spans[..., 1].max(axis=0)
    empty = births > deaths
    births, deaths = np.where(empty, 0.0, births), np.where(empty, 0.0, deaths)
    ends = np.where(empty, deaths.max(), deaths)
    # One call for all would round otherwise: a step of 0 in any row changes linspace's arithmetic.
    grids = [np.linspace(birth, end, n) for birth, end in zip(births, ends, strict=True)]
    return np.stack(grids)


def giotto_betti_curves(
    image: np.ndarray, n: int = 50, *, construction: Literal["T", "V"] = "T"
) -> tuple[np.ndarray, np.ndarray]:
    """Return giotto-tda's Betti curves of one image and the grids that they are sampled on.

    Args:
        image: (H, W) or (D, H, W), bool, integer or float. A voxel of +inf is absent.
        n: number of thresholds N, at least 1; giotto-tda's `n_bins`.
        construction: T or V; giotto-tda's is T.

    Returns:
        curves: int64 (d, N), reduced Betti numbers.
        grids: float64 (d, N), one grid a dimension.

    Raises:
        TypeError, ValueError: as `topojax.kernels.betti_steps`.

    Example:
        >>> two_wells = np.array([[0, 4, 1]])
        >>> curves, grids = giotto_betti_curves(two_wells, 4)
        >>> curves[0].tolist(), grids[0].tolist()
        ([1, 1, 1, 0], [1.0, 2.0, 3.0, 4.0])
    """
    steps = reduced_steps(image, construction=construction)
    grids = giotto_grids([steps], n)
    return steps.at(grids), grids


def giotto_betti_curves_batch(
    images: np.ndarray, n: int = 50, *, construction: Literal["T", "V"] = "T"
) -> np.ndarray:
    """Return giotto-tda's Betti curves of every image on its own grids, int64 (B, d, N).

    Args:
        images: (B, H, W) or (B, D, H, W).
        n, construction: as `giotto_betti_curves`.

    Raises:
        TypeError, ValueError: as `topojax.kernels.betti_steps`.

    Example:
        >>> wells = np.array([[[0, 4, 1]], [[0, 4, 4]]])
        >>> giotto_betti_curves_batch(wells, 4)[:, 0].tolist()
        [[1, 1, 1, 0], [0, 0, 0, 0]]
    """
    # In threads it takes longer: most of the time passes in Python, which runs in one of them.
    curves = np.empty((len(images), images.ndim - 1, n), np.int64)
    for image, found in zip(images, curves, strict=True):
        found[...] = giotto_betti_curves(image, n, construction=construction)[0]
    return curves
