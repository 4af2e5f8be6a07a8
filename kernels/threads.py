"""Runs of samples in plain threads.

Kernels hold no lock and share nothing but their inputs, so that plain threads run them side by
side. Numba's own parallel loops are avoided: with its default threading layer, two Python threads
must not enter them at once.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

# Samples differ in cost, so that every thread gets several runs, if not too short ones.
_RUNS_PER_THREAD = 8
_VOXELS_PER_RUN = 2**18


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
    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(write, *run) for run in runs]:
            done.result()
