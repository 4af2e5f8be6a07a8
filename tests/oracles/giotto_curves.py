"""giotto-tda's `CubicalPersistence` and `BettiCurve`, from its published conventions on bars.

Reduced homology: the component that is born first is left out. What never ends, ends at the
largest value. Each dimension is sampled on its own grid, from the smallest birth to the largest
death of the diagrams of one fit. A dimension without a bar in any of them is given the bar (0, 0),
and a grid up to the largest death of all dimensions. Bars are half-open.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from oracles.bars import Construction, Diagrams, betti_numbers
from oracles.gudhi_bars import gudhi_bars


def giotto_diagrams(image: np.ndarray, construction: Construction = "T") -> Diagrams:
    """Return the diagrams (n, 2) of one image, one a dimension."""
    first, *rest = gudhi_bars(image, construction=construction)
    endless = np.flatnonzero(first[:, 1] == np.inf)
    oldest = endless[np.argsort(first[endless, 0], kind="stable")][:1]
    values = np.asarray(image, np.float64)
    top = values[values < np.inf].max(initial=-np.inf)
    ended = [np.minimum(bars, top) for bars in (np.delete(first, oldest, axis=0), *rest)]
    return tuple(bars[bars[:, 0] < bars[:, 1]] for bars in ended)


def giotto_fit_grids(fitted: Sequence[Diagrams], n: int) -> np.ndarray:
    """Return the grids (d, N) that one fit over the diagrams of one or more images learns."""
    joined = [np.concatenate(of_dim) for of_dim in zip(*fitted, strict=True)]
    together = [bars if len(bars) else np.zeros((1, 2)) for bars in joined]
    longest = max(bars[:, 1].max() for bars in together)
    spans = [(bars[:, 0].min(), bars[:, 1].max()) for bars in together]
    return np.stack([np.linspace(low, high if low < high else longest, n) for low, high in spans])


def giotto_curves(diagrams: Diagrams, grids: np.ndarray) -> np.ndarray:
    """Return the Betti curves (d, N), each dimension's on its own grid."""
    rows = zip(diagrams, grids, strict=True)
    return np.concatenate([betti_numbers((bars,), grid) for bars, grid in rows])
