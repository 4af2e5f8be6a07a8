"""Schedules of the learning rate, at the points where their values are known."""

from __future__ import annotations

import numpy as np
import pytest

from topojax.training.loop.optimiser import learning_rate, make_optimiser


def test_constant_without_warm_up_is_a_number() -> None:
    assert learning_rate("constant", 1e-3, 100) == 1e-3


@pytest.mark.parametrize(
    ("schedule", "warmup", "values"),
    [
        ("constant", 10, {0: 0, 5: 0.5, 10: 1, 99: 1}),
        ("cosine", 0, {0: 1, 50: 0.5, 25: (1 + np.sqrt(0.5)) / 2, 100: 0}),
        ("cosine", 20, {0: 0, 10: 0.5, 20: 1, 60: 0.5, 100: 0}),
        ("one-cycle", 0, {0: 1 / 25, 15: (1 + 1 / 25) / 2, 30: 1, 100: 1 / 25e4}),
    ],
)
def test_schedules_pass_through_known_values(schedule: str, warmup: int, values: dict) -> None:
    rate = learning_rate(schedule, 1e-2, 100, warmup)
    got = [float(rate(step)) for step in values]
    np.testing.assert_allclose(got, np.array(list(values.values())) * 1e-2, rtol=1e-5, atol=1e-8)


def test_equal_optimisers_are_identical() -> None:
    assert make_optimiser("cosine", 1e-3, 10, 2) is make_optimiser("cosine", 1e-3, 10, 2)
