"""Runs of samples in plain threads.

Kernels hold no lock and share nothing but their inputs, so that plain threads run them side by
side. Numba's own parallel loops are avoided: with its default threading layer, two Python threads
must not enter them at once.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from typing import TypeVar

import numpy as np

# Samples differ in cost, so that every thread gets several runs, if not too short ones.
_RUNS_PER_THREAD = 8
_VOXELS_PER_RUN = 2**18
# Seconds. Some systems deliver Ctrl-C to a thread that waits only when its wait ends.
_SLICE = 0.1

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def check_threads(n_threads: int | None) -> int:
    """Return how many threads to use.

    Raises:
        ValueError: below 1.
    """
    if n_threads is None:
        # Containers often allow fewer processors than the machine has.
        allowed = getattr(os, "sched_getaffinity", None)
        return len(allowed(0)) if allowed else os.cpu_count() or 1
    if n_threads < 1:
        raise ValueError(f"n_threads={n_threads}; expected at least 1, or None for all processors")
    return int(n_threads)


def run_in_threads(
    write: Callable[[int, int], None], samples: int, voxels: int, threads: int
) -> None:
    """Call `write(start, stop)` for runs that cover all samples, on up to so many threads.

    Args:
        voxels: of all samples together, which tells how long they take.
    """
    most = min(samples, threads * _RUNS_PER_THREAD, max(threads, voxels // _VOXELS_PER_RUN))
    bounds = np.linspace(0, samples, most + 1).astype(int).tolist()
    runs = itertools.pairwise(bounds)
    if threads == 1 or most < 2:
        for run in runs:
            write(*run)
        return
    map_in_threads(lambda run: write(*run), runs, threads)


def map_in_threads(
    call: Callable[[_Item], _Result], items: Iterable[_Item], threads: int
) -> list[_Result]:
    """Return `call` of every item, in their order, computed on so many threads.

    Where one raises, or the caller is interrupted, what has not begun is left undone; what runs
    comes to its end, since it writes where others may be reading by then.
    """
    with ThreadPoolExecutor(threads) as pool:
        try:
            jobs = [pool.submit(call, item) for item in items]
            pending: set[Future[_Result]] = set(jobs)
            while pending:
                done, pending = wait(pending, _SLICE, FIRST_EXCEPTION)
                for job in done:
                    job.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return [job.result() for job in jobs]
