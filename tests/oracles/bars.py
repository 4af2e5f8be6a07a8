"""Persistence diagrams as the oracles give them, and the Betti numbers that their bars count to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, TypeAlias

import numpy as np

Construction: TypeAlias = Literal["T", "V"]
Diagrams: TypeAlias = tuple[np.ndarray, ...]
"""One array of bars (n, 2) a homology dimension, float64; an essential bar dies at +inf."""


def cell_values(image: np.ndarray, mask: np.ndarray | None, absent: float) -> np.ndarray:
    """Return the image as float64 in C order, `absent` outside the mask.

    Raises:
        ValueError: NaN, of which the oracles would make bars, or a mask of another shape.
    """
    values = np.array(image, np.float64, order="C")
    if mask is not None:
        if mask.shape != values.shape:
            raise ValueError(f"mask has shape {mask.shape}; expected the image's, {values.shape}")
        values[~mask] = absent
    if np.isnan(values).any():
        raise ValueError("image has NaN; an oracle would give bars for it")
    return values


def diagrams_of(
    bars: Iterable[tuple[int, float, float]], n_dims: int, absent: float = np.inf
) -> Diagrams:
    """Sort (dimension, birth, death) by dimension; bars of absent voxels and of no length go."""
    rows: list[list[tuple[float, float]]] = [[] for _ in range(n_dims)]
    for dim, birth, death in bars:
        if birth < absent and birth < death:
            rows[dim].append((birth, death if death < absent else np.inf))
    return tuple(np.array(sorted(one), np.float64).reshape(-1, 2) for one in rows)


def betti_numbers(diagrams: Diagrams, thresholds: np.ndarray) -> np.ndarray:
    """Count the half-open bars b <= t < d that hold each threshold: int64 (d, N)."""
    at = np.asarray(thresholds, np.float64)
    alive = [(bars[:, :1] <= at) & (at < bars[:, 1:]) for bars in diagrams]
    return np.stack([of_dim.sum(axis=0, dtype=np.int64) for of_dim in alive])


def sorted_bars(bars: np.ndarray) -> list[tuple[float, float]]:
    """Return the bars (n, 2) in an order of their own, to compare diagrams with `==`."""
    return sorted((float(birth), float(death)) for birth, death in bars)
