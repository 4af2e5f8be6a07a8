"""GUDHI's cubical complexes: the one place where tests ask it for bars and Betti numbers."""

from __future__ import annotations

import gudhi
import numpy as np

from oracles.bars import Construction, Diagrams, betti_numbers, cell_values, diagrams_of

_CELLS = {"T": "top_dimensional_cells", "V": "vertices"}


def gudhi_bars(
    image: np.ndarray, mask: np.ndarray | None = None, construction: Construction = "T"
) -> Diagrams:
    """Return the bars of every dimension of the image's sublevel filtration.

    Args:
        image: any number of axes, no NaN. A voxel of +inf is absent.
        mask: bool, the image's shape; voxels outside it are absent.
        construction: T: voxels are top-dimensional cells; V: they are vertices.

    Raises:
        ValueError: NaN, or a mask of another shape.
    """
    # The array itself: with `dimensions=`, GUDHI reads flat values in Fortran order.
    cells = gudhi.CubicalComplex(**{_CELLS[construction]: cell_values(image, mask, np.inf)})
    # 0 leaves out bars of no length, and nothing else; -1 would keep them.
    bars = cells.persistence(homology_coeff_field=2, min_persistence=0)
    return diagrams_of(((dim, *bar) for dim, bar in bars), np.ndim(image))


def gudhi_betti_curves(
    image: np.ndarray,
    thresholds: np.ndarray,
    mask: np.ndarray | None = None,
    construction: Construction = "T",
) -> np.ndarray:
    """Return Betti curves int64 (d, N), one row a dimension, all on the same thresholds."""
    return betti_numbers(gudhi_bars(image, mask, construction), thresholds)


def gudhi_betti_numbers(voxels: np.ndarray, construction: Construction = "T") -> list[int]:
    """Return the Betti numbers of a set of voxels, bool, as a complex of its own."""
    places = np.argwhere(voxels)
    if not len(places):
        return [0] * voxels.ndim
    # The box around it holds the same complex, and GUDHI's time is that of the box.
    box = tuple(map(slice, places.min(axis=0), places.max(axis=0) + 1))
    zeros = np.zeros(voxels[box].shape)
    return gudhi_betti_curves(zeros, np.zeros(1), voxels[box], construction)[:, 0].tolist()
