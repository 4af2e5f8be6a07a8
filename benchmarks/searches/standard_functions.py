"""Functions to minimise on the unit cube: standard ones, rescaled, and distances on the simplex.

All have the minimum 0. Each standard function is shifted so that its minimum lies inside the cube,
on two of its faces, or in a corner.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Function = Callable[[np.ndarray], np.ndarray]

_OPTIMA = {
    "inside": (0.3, 0.62, 0.45, 0.71),
    "face": (0.0, 0.62, 1.0, 0.71),
    "corner": (1.0, 0.0, 0.0, 1.0),
}
_TARGETS = {"corner": (1.0, 0.0, 0.0), "edge": (0.7, 0.3, 0.0), "inside": (0.5, 0.3, 0.2)}
_TAU = 0.6


@dataclass(frozen=True)
class Problem:
    """One function of n genes: `function` takes (..., n) to (...)."""

    name: str
    optimum: str
    n_genes: int
    function: Function


def sphere(x: np.ndarray) -> np.ndarray:
    """De Jong's first function."""
    return (x**2).sum(-1)


def rosenbrock(x: np.ndarray) -> np.ndarray:
    """A curved valley; minimum at all ones."""
    return (100 * (x[..., 1:] - x[..., :-1] ** 2) ** 2 + (1 - x[..., :-1]) ** 2).sum(-1)


def rastrigin(x: np.ndarray) -> np.ndarray:
    """A paraboloid with a grid of local minima."""
    return (x**2 - 10 * np.cos(2 * np.pi * x) + 10).sum(-1)


def ackley(x: np.ndarray) -> np.ndarray:
    """A funnel with ripples."""
    funnel = -20 * np.exp(-0.2 * np.sqrt((x**2).mean(-1)))
    return np.maximum(funnel - np.exp(np.cos(2 * np.pi * x).mean(-1)) + 20 + np.e, 0.0)


def griewank(x: np.ndarray) -> np.ndarray:
    """A wide paraboloid with many shallow minima."""
    roots = np.sqrt(np.arange(1, x.shape[-1] + 1))
    return (x**2).sum(-1) / 4000 - np.cos(x / roots).prod(-1) + 1


# Function, half the width of its usual domain, where its minimum is.
_STANDARD: tuple[tuple[Function, float, float], ...] = (
    (sphere, 5.12, 0.0),
    (rosenbrock, 2.048, 1.0),
    (rastrigin, 5.12, 0.0),
    (ackley, 32.768, 0.0),
    (griewank, 600.0, 0.0),
)


def standard_problems(n_genes: int) -> list[Problem]:
    """Return every standard function with its minimum at every kind of place."""
    return [
        Problem(function.__name__, place, n_genes, _rescaled(function, half, minimum, optimum))
        for place, optimum in _OPTIMA.items()
        for function, half, minimum in _STANDARD
    ]


def _rescaled(
    function: Function, half: float, minimum: float, optimum: tuple[float, ...]
) -> Function:
    # The optimum in float32, so that genes of float32 can hit it.
    place = np.array(optimum, np.float32).astype(np.float64)

    def rescaled(genes: np.ndarray) -> np.ndarray:
        centred = np.asarray(genes, np.float64) - place[: np.shape(genes)[-1]]
        return function(minimum + 2 * half * centred)

    return rescaled


def simplex_problems(decode: Function, kind: str) -> list[Problem]:
    """Return distances (L1) of three weights and a threshold from a rule.

    Args:
        decode: genes of the weights (..., 3) to weights.
        kind: what the problems are called by.
    """

    def distance(target: tuple[float, ...]) -> Function:
        def to_target(genes: np.ndarray) -> np.ndarray:
            raw = np.asarray(genes, np.float64)
            return np.abs(decode(raw[..., :3]) - target).sum(-1) + np.abs(raw[..., 3] - _TAU)

        return to_target

    return [Problem(kind, place, 4, distance(target)) for place, target in _TARGETS.items()]


def divided_by_sum(genes: np.ndarray) -> np.ndarray:
    """Weights as `topojax.search.decode_rules` has them."""
    total = genes.sum(-1, keepdims=True)
    return np.where(total > 0, genes / np.where(total > 0, total, 1), 1 / genes.shape[-1])


def exponential_spacings(genes: np.ndarray) -> np.ndarray:
    """Weights that are uniform on the simplex for uniform genes."""
    return divided_by_sum(-np.log(np.maximum(genes, 1e-9)))
