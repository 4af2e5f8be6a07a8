"""Student's interval over seeds, alone and paired."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from topojax.errors import ConfigError, DataError
from topojax.evaluation import summarise_seed_differences, summarise_seeds

_SCORES = st.lists(st.floats(0, 1), min_size=2, max_size=12)


def test_interval_is_students() -> None:
    seen = Counter()

    @given(_SCORES, st.floats(0.5, 0.99))
    def compare(values: list[float], level: float) -> None:
        found = summarise_seeds(values, level)
        assert (found.n, found.mean) == (len(values), pytest.approx(np.mean(values)))
        assert found.standard_error == pytest.approx(stats.sem(values))
        assert found.low <= found.mean <= found.high
        if found.standard_error > 1e-6:
            seen["intervals"] += 1
            expected = stats.t.interval(level, found.n - 1, np.mean(values), stats.sem(values))
            np.testing.assert_allclose([found.low, found.high], expected, rtol=1e-6, atol=1e-9)

    compare()
    assert seen["intervals"] >= 30


@given(_SCORES, st.floats(-1, 1))
def test_a_constant_gain_is_certain(values: list[float], gain: float) -> None:
    found = summarise_seed_differences(np.array(values) + gain, values)
    assert found.mean == pytest.approx(gain, abs=1e-12)
    assert found.high - found.low < 1e-12


def test_interval_covers_the_mean() -> None:
    draws = np.random.default_rng(2).normal(0.8, 0.05, size=(1000, 4))
    found = [summarise_seeds(values, 0.9) for values in draws]
    # 900 expected; the standard deviation of the count is 9.5.
    assert 865 <= sum(one.low <= 0.8 <= one.high for one in found) <= 935


@pytest.mark.parametrize("values", [[], [0.5], [[0.1, 0.2]], ["a", "b"], [0.1, np.nan]])
def test_bad_values_are_refused(values: list) -> None:
    with pytest.raises(DataError, match="values"):
        summarise_seeds(values)


def test_seeds_must_be_the_same() -> None:
    with pytest.raises(DataError, match="a has 2 seeds and b 3"):
        summarise_seed_differences([0.1, 0.2], [0.1, 0.2, 0.3])
    with pytest.raises(DataError, match=r"b\[1\] is inf"):
        summarise_seed_differences([0.1, 0.2], [0.1, np.inf])
    with pytest.raises(ConfigError, match="level=2"):
        summarise_seeds([0.1, 0.2], 2)
