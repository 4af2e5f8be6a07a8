"""Holm's adjustment: by hand, its bounds, and the error that it keeps."""

from __future__ import annotations

import numpy as np
import pytest

from topojax.errors import DataError
from topojax.report.comparing import holm


def test_by_hand() -> None:
    # Holm 1979: 4 · 0.005, 3 · 0.01, then 2 · 0.03 and 0.04, which is raised to what is before it.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx((0.03, 0.06, 0.06, 0.02))
    assert holm([0.25]) == (0.25,)
    assert holm([0.5, 0.9]) == (1.0, 1.0)
    assert holm([0.0, 1.0]) == (0.0, 1.0)


def test_bounds_order_and_equivariance(rng: np.random.Generator) -> None:
    for _ in range(50):
        values = rng.random(rng.integers(1, 9)) ** 3
        adjusted = np.array(holm(values.tolist()))
        assert (adjusted >= values).all()
        assert (adjusted <= np.minimum(1, len(values) * values) + 1e-15).all()
        assert (np.diff(adjusted[np.argsort(values)]) >= 0).all()
        turned = rng.permutation(len(values))
        assert holm(values[turned].tolist()) == tuple(adjusted[turned])


def test_the_probability_of_any_false_rejection_is_kept(rng: np.random.Generator) -> None:
    # Of 5 true hypotheses, 0.05 of all times one is rejected, instead of 1 - 0.95^5 = 0.23.
    draws = rng.random((2000, 5))
    least = np.array([min(holm(row.tolist())) for row in draws])
    assert 0.03 < (least <= 0.05).mean() < 0.07
    assert (draws.min(axis=1) <= 0.05).mean() > 0.18


@pytest.mark.parametrize("wrong", [[], [0.5, 1.5], [-0.1], [float("nan")]])
def test_other_numbers_are_refused(wrong: list[float]) -> None:
    with pytest.raises(DataError, match="p_values="):
        holm(wrong)
