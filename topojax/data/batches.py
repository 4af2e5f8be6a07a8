"""Mini-batches that drop no sample and keep one shape, so that a step compiles once."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np


def epoch_batches(rng: np.random.Generator, n: int, batch_size: int) -> np.ndarray:
    """Return the batches of one shuffled epoch, int64 (ceil(n / b), b) with b = min(n, batch_size).

    The last batch is filled up from the start of the same shuffle: every sample is seen at least
    once an epoch, and fewer than b of them twice.
    """
    size = min(n, batch_size)
    order = rng.permutation(n)
    n_batches = -(-n // size)
    return np.resize(order, n_batches * size).reshape(n_batches, size)


def padded_batches(array: np.ndarray, batch_size: int) -> Iterator[tuple[slice, np.ndarray]]:
    """Yield (which rows, batch of batch_size rows) in order.

    The last batch repeats its last row: one compilation serves every number of rows, and what is
    computed of a row does not depend on how many others came with it.
    """
    for start in range(0, len(array), batch_size):
        rows = slice(start, min(start + batch_size, len(array)))
        batch = array[rows]
        missing = batch_size - len(batch)
        if missing:
            batch = np.concatenate([batch, np.repeat(batch[-1:], missing, axis=0)])
        yield rows, batch
