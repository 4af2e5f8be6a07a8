"""No sample is dropped, and every batch has the same shape."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from topojax.data.batches import epoch_batches, padded_batches

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
