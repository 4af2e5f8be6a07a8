"""The Betti error by its definition, on the CPU and on the device."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from oracles.gudhi_bars import gudhi_betti_numbers
from topojax.errors import DataError
from topojax.kernels.arguments import Construction
from topojax.topology import betti_error, device


def _by_definition(
    masks: list[np.ndarray], lengths: tuple[int, ...], construction: Construction
) -> float:
    starts = itertools.product(
        *(range(0, n, step) for n, step in zip(masks[0].shape, lengths, strict=True))
    )
    found = []
    for corner in starts:
        patch = tuple(slice(a, a + n) for a, n in zip(corner, lengths, strict=True))
        one, other = (gudhi_betti_numbers(mask[patch], construction) for mask in masks)
        found += [abs(a - b) for a, b in zip(one, other, strict=True)]
    return float(np.mean(found))


@pytest.mark.parametrize(
    ("shape", "patch", "lengths", "construction"),
    [
        ((9, 7), None, (9, 7), "V"),
        ((9, 7), 4, (4, 4), "T"),
        ((5, 6, 4), (3, 2, 9), (3, 2, 4), "T"),
        ((5, 6, 4), 3, (3, 3, 3), "V"),
        # Each is a program of its own on the device.
        pytest.param((9, 7), None, (9, 7), "T", marks=pytest.mark.slow),
        pytest.param((9, 7), 4, (4, 4), "V", marks=pytest.mark.slow),
        pytest.param((5, 6, 4), (3, 2, 9), (3, 2, 4), "V", marks=pytest.mark.slow),
        pytest.param((5, 6, 4), 3, (3, 3, 3), "T", marks=pytest.mark.slow),
    ],
)
def test_errors_are_those_of_the_definition(
    shape: tuple[int, ...],
    patch: Any,
    lengths: tuple[int, ...],
    construction: Construction,
    rng: np.random.Generator,
) -> None:
    masks = [rng.random(shape) < 0.5 for _ in range(2)]
    want = _by_definition(masks, lengths, construction)
    assert want > 0
    assert betti_error(*masks, patch, construction) == pytest.approx(want)
    assert float(device.betti_error(*masks, patch, construction)) == pytest.approx(want)
    assert betti_error(masks[0], masks[0], patch, construction) == 0


@pytest.mark.parametrize(
    ("prediction", "reference", "patch", "message"),
    [
        (np.ones((2, 2)), np.ones((2, 2), bool), None, "prediction is float64; expected bool"),
        (np.ones((2, 2), bool), np.ones((2, 3), bool), None, r"reference \(2, 3\)"),
        (np.ones(3, bool), np.ones(3, bool), None, r"prediction has shape \(3,\)"),
        (np.ones((2, 2), bool), np.ones((2, 2), bool), 0, "patch=0; expected a number above 0"),
        (np.ones((2, 2), bool), np.ones((2, 2), bool), (2,), r"patch=\(2,\)"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    prediction: np.ndarray, reference: np.ndarray, patch: Any, message: str
) -> None:
    for error in (betti_error, device.betti_error):
        with pytest.raises(DataError, match=message):
            error(prediction, reference, patch)
