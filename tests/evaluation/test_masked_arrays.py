"""numpy's masked arrays: no image, score or seed can be absent, and so what masks is refused."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import topojax.evaluation
from topojax.errors import DataError

N = 8
LABELS = np.arange(N) % 2
RNG = np.random.default_rng(0)
SCORES = np.clip(LABELS * 0.3 + RNG.random(N) * 0.6, 0.05, 0.95)
PROBABILITIES = np.stack([1 - SCORES, SCORES], axis=1)
# What an argument of this name takes; what is no array stands as None.
ARRAYS: dict[str, Any] = {
    "labels": LABELS,
    "probabilities": PROBABILITIES,
    "logits": np.log(PROBABILITIES),
    "positive": LABELS == 1,
    "scores": SCORES,
    "kept": np.ones((3, N), bool),
    "values": SCORES,
    "a": SCORES,
    "b": SCORES[::-1],
    "counts": np.array([4, 5]),
    "aucs": np.array([0.5, 0.6]),
    "errors": np.array([0.1, 0.1]),
}
OTHERS: dict[str, Any] = {
    "rng": np.random.default_rng(0), "level": 0.9, "temperature": 2.0, "n_bootstrap": 100
}  # fmt: skip
# Where a name takes another shape than usual.
OWN: dict[str, dict[str, Any]] = {
    "compare": {"a": PROBABILITIES, "b": PROBABILITIES[::-1]},
    "auc_scores": {"probabilities": np.stack([PROBABILITIES] * 3)},
    "rank_aucs": {"scores": np.stack([SCORES] * 3)},
}


def _arguments(function: Callable) -> dict[str, Any]:
    names = inspect.signature(function).parameters
    known = ARRAYS | OTHERS | OWN.get(function.__name__, {})
    required = [n for n, p in names.items() if p.default is inspect.Parameter.empty]
    assert set(required) <= known.keys(), function
    return {name: known[name] for name in names if name in known}


FUNCTIONS = [
    function
    for name in topojax.evaluation.__all__
    if inspect.isfunction(function := getattr(topojax.evaluation, name))
]
CASES = [(f, name) for f in FUNCTIONS for name in _arguments(f) if name in ARRAYS]


def test_every_function_is_looked_at() -> None:
    assert len(FUNCTIONS) > 20
    assert {function for function, _ in CASES} == set(FUNCTIONS)


@pytest.mark.parametrize(
    ("function", "name"), CASES, ids=[f"{function.__name__}-{name}" for function, name in CASES]
)
def test_masked_values_are_refused(function: Callable, name: str) -> None:
    arguments = _arguments(function)
    function(**arguments)
    array = arguments[name]
    hidden = np.zeros(np.shape(array), bool)
    # One that masks nothing is an array like any other.
    function(**arguments | {name: np.ma.masked_array(array, hidden)})
    hidden.flat[1] = True
    with pytest.raises(DataError, match=f"^{name} has 1 masked values, which cannot"):
        function(**arguments | {name: np.ma.masked_array(array, hidden)})
