"""No sample is dropped, and every batch has the same shape."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topojax.data.feeding.batches import batch_length, epoch_batches, padded_batches, prefetched

_SIZES = (st.integers(1, 70), st.integers(1, 40))


@given(*_SIZES, st.integers(0, 9))
def test_an_epoch_sees_every_sample(n: int, batch_size: int, seed: int) -> None:
    batches = epoch_batches(np.random.default_rng(seed), n, batch_size)
    size = min(n, batch_size)
    assert batches.shape == (-(-n // size), size)
    seen = np.bincount(batches.ravel(), minlength=n)
    assert seen.min() == 1
    assert seen.max() <= 2


@given(*_SIZES)
def test_padded_batches_hold_every_row_in_order(n: int, batch_size: int) -> None:
    rows = np.arange(n)
    seen = []
    for where, batch in padded_batches(rows, batch_size):
        assert len(batch) == batch_size
        np.testing.assert_array_equal(batch[: where.stop - where.start], rows[where])
        seen.extend(rows[where])
    assert seen == rows.tolist()


@given(*_SIZES, st.integers(1, 6))
def test_batches_are_divisible_into_parts_without_losing_a_sample(
    n: int, share: int, parts: int
) -> None:
    batches = epoch_batches(np.random.default_rng(0), n, share * parts, parts)
    assert batches.shape[1] % parts == 0
    assert batches.shape[1] == batch_length(n, share * parts, parts) <= share * parts
    assert set(batches.ravel()) == set(range(n))
    assert batches.size < n + max(batches.shape[1], parts)


def test_what_is_prefetched_comes_in_order_one_ahead() -> None:
    made: list[int] = []

    def make(item: int) -> int:
        made.append(item)
        return item**2

    taken = prefetched(make, range(5))
    assert next(taken) == 0
    assert max(made) <= 1
    assert list(taken) == [1, 4, 9, 16]
    assert list(prefetched(make, [])) == []


def test_an_error_while_prefetching_reaches_the_reader() -> None:
    with pytest.raises(ZeroDivisionError):
        list(prefetched(lambda item: 1 // item, [2, 0, 1]))
