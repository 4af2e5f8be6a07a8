"""Mini-batches that drop no sample and keep one shape, so that a step compiles once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import numpy as np

from topojax.row_files.row_blocks import Rows

Item = TypeVar("Item")
Batch = TypeVar("Batch")


def batch_length(n: int, batch_size: int, parts: int = 1) -> int:
    """Return the length b of the batches of n samples: batch_size, or n rounded up to whole parts.

    Args:
        n: samples in an epoch.
        batch_size: the most in a batch; a multiple of `parts`.
        parts: equal parts that a batch is divided into.
    """
    return min(-(-n // parts) * parts, batch_size)


def epoch_batches(rng: np.random.Generator, n: int, batch_size: int, parts: int = 1) -> np.ndarray:
    """Return the batches of one shuffled epoch, int64 (ceil(n / b), b); b as `batch_length` says.

    The last batch is filled up from the start of the same shuffle: every sample is seen at least
    once an epoch, and fewer than b of them twice.
    """
    size = batch_length(n, batch_size, parts)
    order = rng.permutation(n)
    n_batches = -(-n // size)
    return np.resize(order, n_batches * size).reshape(n_batches, size)


def padded_batches(
    array: Rows, batch_size: int, first: int = 0
) -> Iterator[tuple[slice, np.ndarray]]:
    """Yield (which rows, batch of batch_size rows) in order, from row `first` on.

    The last batch repeats its last row: one compilation serves every number of rows, and what is
    computed of a row does not depend on how many others came with it.
    """
    for start in range(first, len(array), batch_size):
        rows = slice(start, min(start + batch_size, len(array)))
        batch = array[rows]
        missing = batch_size - len(batch)
        if missing:
            batch = np.concatenate([batch, np.repeat(batch[-1:], missing, axis=0)])
        yield rows, batch


def prefetched(make: Callable[[Item], Batch], items: Iterable[Item]) -> Iterator[Batch]:
    """Yield make(item) in order; the next is made in a thread while the current one is used."""
    with ThreadPoolExecutor(1) as pool:
        waiting: Future[Batch] | None = None
        for item in items:
            following = pool.submit(make, item)
            if waiting is not None:
                yield waiting.result()
            waiting = following
        if waiting is not None:
            yield waiting.result()
