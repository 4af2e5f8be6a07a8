"""Runs of samples in plain threads.

Kernels hold no lock and share nothing but their inputs, so that plain threads run them side by
side. Numba's own parallel loops are avoided: with its default threading layer, two Python threads
must not enter them at once.
"""

from __future__ import annotations

import itertools
import os
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from functools import partial
from typing import TypeVar

import numpy as np

# Samples differ in cost, so that every thread gets several runs, if not too short ones.
_RUNS_PER_THREAD = 8
_VOXELS_PER_RUN = 2**18
_MOST_HELPERS = 1024
# Seconds. Some systems deliver Ctrl-C to a thread that waits only when its wait ends.
_SLICE = 0.1

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


class _Helpers:
    """Threads that wait for work from call to call: to start one takes a quarter millisecond."""

    def __init__(self) -> None:
        self._make_pool()
        if hasattr(os, "register_at_fork"):
            # A forked process has the pool, and none of its threads.
            os.register_at_fork(after_in_child=self._make_pool)

    def _make_pool(self) -> None:
        self._pool = ThreadPoolExecutor(_MOST_HELPERS, "topojax")

    def ask(self, call: Callable[[], None], count: int) -> list[Future[None]]:
        """Let so many threads make a call, as soon as they can; new ones where none is idle."""
        return [self._pool.submit(call) for _ in range(count)]


_helpers = _Helpers()


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

    The caller's thread is one of them, and does not wait until others have begun. Where a call
    raises, or the caller is interrupted, which it hears between its own runs, what has not begun is
    left undone; what runs comes to its end.

    Args:
        voxels: of all samples together, which tells how long they take.
    """
    most = min(samples, threads * _RUNS_PER_THREAD, max(threads, voxels // _VOXELS_PER_RUN))
    bounds = np.linspace(0, samples, most + 1).astype(int).tolist()
    runs = deque(itertools.pairwise(bounds))
    others = min(threads, most) - 1
    if others < 1:
        _take_runs(write, runs)
        return
    jobs = _helpers.ask(partial(_take_runs, write, runs), others)
    try:
        _take_runs(write, runs)
        for job in _begun(jobs):
            job.result()
    except BaseException:
        runs.clear()
        wait(_begun(jobs))
        raise


def _begun(jobs: list[Future[None]]) -> list[Future[None]]:
    """Return the jobs that have begun; the others have nothing left to do, and never will begin."""
    return [job for job in jobs if not job.cancel()]


def _take_runs(write: Callable[[int, int], None], runs: deque[tuple[int, int]]) -> None:
    """Take run after run, beside other threads, until none is left; leave none where one raises."""
    try:
        while run := _next_run(runs):
            write(*run)
    except BaseException:
        runs.clear()
        raise


def _next_run(runs: deque[tuple[int, int]]) -> tuple[int, int] | None:
    # Whether one is left may have changed after it was asked.
    try:
        return runs.popleft()
    except IndexError:
        return None


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
