"""A batch in two processes at once: what two processors gain that share nothing of ours."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import lru_cache
from multiprocessing.synchronize import Barrier

import numpy as np

from topojax.experiments.bench.persistence import inputs
from topojax.experiments.bench.persistence.measurements import Timer
from topojax.experiments.bench.persistence.plans import Batch
from topojax.kernels import betti_curves_batch

# Of a worker; barriers are handed to processes as they begin.
_barriers: list[Barrier] = []


@lru_cache(maxsize=1)
def images_of(batch: Batch) -> tuple[np.ndarray, np.ndarray]:
    """Return the images of a batch, float32 (B, D, H, W), and its thresholds."""
    make = {"smooth": inputs.smooth, "noise": inputs.noise}[batch.kind]
    shape = (batch.width,) * 3
    images = np.stack([make(shape, inputs.SEED + i) for i in range(batch.count)])
    return images, inputs.make_sample(batch.kind, images).thresholds


def seconds_of_batch(images: np.ndarray, thresholds: np.ndarray, n_threads: int) -> float:
    """Return the seconds of one call."""
    start = time.perf_counter()
    betti_curves_batch(images, thresholds, n_threads=n_threads)
    return time.perf_counter() - start


@contextmanager
def two_processes(batch: Batch) -> Iterator[Timer]:
    """Lend a timer: the seconds of the slower of two processes, each of a whole batch on a thread.

    They share no memory of ours, no lock and no interpreter, but the caches and the way to memory:
    what they gain together is the most that two threads can with this work.
    """
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, spawn, _keep, (spawn.Barrier(2),)) as pool:

        def slower() -> float:
            return max(pool.map(_seconds_together, [batch, batch]))

        slower()
        yield slower


def _keep(barrier: Barrier) -> None:
    _barriers.append(barrier)


def _seconds_together(batch: Batch) -> float:
    images, thresholds = images_of(batch)
    # No worker takes both calls: the first waits here until the other one has come.
    _barriers[0].wait()
    return seconds_of_batch(images, thresholds, 1)
