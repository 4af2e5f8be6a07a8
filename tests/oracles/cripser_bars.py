"""cripser's cubical persistence: a second oracle, of another algorithm than GUDHI's."""

from __future__ import annotations

import cripser
import numpy as np

from oracles.bars import Construction, Diagrams, cell_values, diagrams_of

_ABSENT = 1e9


def cripser_bars(
    image: np.ndarray, mask: np.ndarray | None = None, construction: Construction = "T"
) -> Diagrams:
    """Return the bars of every dimension, as `oracles.gudhi_bars.gudhi_bars` does.

    Absent voxels enter at a billion, since cripser takes no infinite value.

    Raises:
        ValueError: NaN, a mask of another shape, or a value of a billion or more.
    """
    values = cell_values(image, mask, _ABSENT)
    values[np.isposinf(values)] = _ABSENT
    if not (np.abs(values[values != _ABSENT]) < _ABSENT).all():
        raise ValueError(f"image has values beyond {_ABSENT:g}, where cripser's absent voxels are")
    rows = cripser.compute_ph(values, filtration=construction, maxdim=values.ndim - 1)
    bars = ((int(row[0]), float(row[1]), float(row[2])) for row in rows)
    return diagrams_of(bars, values.ndim, _ABSENT)
