"""Ways to keep maps, and the rules that make regions of what is read back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Rule:
    """What makes a region of interest of three maps."""

    weights: tuple[float, float, float]
    tau: float


RULES = (
    Rule((1 / 3, 1 / 3, 1 / 3), 0.3),
    Rule((0.2, 0.3, 0.5), 0.5),
    Rule((0.6, 0.3, 0.1), 0.5),
    Rule((0.5, 0.5, 0.0), 0.6),
    Rule((1.0, 0.0, 0.0), 0.7),
    Rule((0.1, 0.8, 0.1), 0.9),
)


@dataclass(frozen=True)
class Storage:
    """How maps in [0, 1] are kept, and what is read back, float32."""

    name: str
    bits: int
    read_back: Callable[[np.ndarray], np.ndarray]


def _rounded(levels: int) -> Callable[[np.ndarray], np.ndarray]:
    return lambda maps: np.rint(levels * maps) / np.float32(levels)


FLOAT32 = Storage("float32", 32, lambda maps: maps)
STORAGES = (
    Storage("float16", 16, lambda maps: maps.astype(np.float16).astype(np.float32)),
    Storage("uint8", 8, _rounded(255)),
    Storage("4 bits", 4, _rounded(15)),
)
