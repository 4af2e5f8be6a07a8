"""Disjoint sets."""

from __future__ import annotations

import numpy as np

from ..compiling import inner


@inner
def find(parent: np.ndarray, element: int) -> int:
    """Root of the element's set, halving the path on the way (Tarjan and van Leeuwen 1984)."""
    while parent[element] != element:
        parent[element] = parent[parent[element]]
        element = parent[element]
    return element
