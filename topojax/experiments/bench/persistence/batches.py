"""What is measured of many images: one thread and two, and what a single call costs beyond."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import numba
import numpy as np

from topojax.errors import BenchError
from topojax.experiments.bench.persistence.inputs import Sample
from topojax.experiments.bench.persistence.measurements import (
    Timer,
    check,
    fitting,
    seconds_of,
    timed_in_turn,
)
from topojax.experiments.bench.persistence.peers import Peer
from topojax.experiments.bench.persistence.plans import Batch, Plan
from topojax.experiments.bench.persistence.side_by_side import (
    images_of,
    seconds_of_batch,
    two_processes,
)
from topojax.kernels import betti_curves, betti_curves_batch

_STEPS = 50_000_000


def _timed(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def _one_by_one(images: np.ndarray, thresholds: np.ndarray) -> list[np.ndarray]:
    return [betti_curves(image, thresholds) for image in images]


def _checked(batch: Batch, images: np.ndarray, thresholds: np.ndarray) -> None:
    want = _one_by_one(images, thresholds)
    for n_threads in (1, 2):
        got = betti_curves_batch(images, thresholds, n_threads=n_threads)
        if not np.array_equal(got, want):
            raise BenchError(
                f"{batch.count} x {batch.kind} {batch.width}^3: the batch on {n_threads} threads "
                "is not equal to single images; stopped before timing it"
            )


@numba.njit(nogil=True)
def _arithmetic(steps: int) -> np.uint64:
    """Shift and add in registers, in four chains that do not wait for each other."""
    a, b, c, d = np.uint64(1), np.uint64(3), np.uint64(5), np.uint64(7)
    for _ in range(steps):
        a ^= a << np.uint64(13)
        b ^= b << np.uint64(13)
        c ^= c << np.uint64(13)
        d ^= d << np.uint64(13)
        a, b, c, d = b, c, d, a ^ (a >> np.uint64(7))
    return a ^ b ^ c ^ d


def arithmetic(n_threads: int, steps: int) -> float:
    """Return seconds of so many threads that each do the same arithmetic in registers.

    They share nothing and touch no memory, so that what two do in the time of one is the most that
    a batch can gain.
    """
    with ThreadPoolExecutor(n_threads) as pool:
        return _timed(lambda: list(pool.map(_arithmetic, [steps] * n_threads)))


def measure_batch(batch: Batch, every_peer: list[Peer], plan: Plan) -> dict[str, Any]:
    """Check, then time a batch on one thread, on two and in two processes, and the peers.

    Arithmetic in registers is timed on one thread and two beside.

    All take turns, so that a round's ratio and what arithmetic gained are of the same second.
    Peers compute the first `batch.for_peers` images one at a time.

    Raises:
        BenchError: curves of the batch differ from those of single images, or of a peer.
    """
    images, thresholds = images_of(batch)
    _checked(batch, images, thresholds)
    samples = [Sample(batch.kind, i, None, thresholds) for i in images[: batch.for_peers]]
    timed = fitting(samples[0], every_peer, plan) if samples else []
    for sample in samples:
        check(sample, timed, timed)
    arithmetic(2, 1)
    timers: dict[str, Timer] = {
        "one": partial(seconds_of_batch, images, thresholds, 1),
        "two": partial(seconds_of_batch, images, thresholds, 2),
        "arithmetic_one": partial(arithmetic, 1, _STEPS),
        "arithmetic_two": partial(arithmetic, 2, _STEPS),
    }
    timers |= {peer.name: partial(_seconds_of_all, peer, samples) for peer in timed}
    with two_processes(batch) as seconds_together:
        timers["processes"] = seconds_together
        rounds = timed_in_turn(timers, plan.repeats, plan.budget)
    one, two = (1e3 * statistics.median(rounds[name]) / batch.count for name in ("one", "two"))
    voxels = images[0].size
    return {
        "input": batch.kind,
        "width": batch.width,
        "count": batch.count,
        "one_ms": one,
        "two_ms": two,
        "ratio": _median_ratio(rounds["one"], rounds["two"]),
        "processes": 2 * _median_ratio(rounds["one"], rounds["processes"]),
        "arithmetic": 2 * _median_ratio(rounds["arithmetic_one"], rounds["arithmetic_two"]),
        "ns_per_voxel": 1e6 * one / voxels,
        "for_peers": batch.for_peers,
        "peers": {
            peer.name: 1e9 * statistics.median(rounds[peer.name]) / (voxels * batch.for_peers)
            for peer in timed
        },
        "rounds": rounds,
    }


def _seconds_of_all(peer: Peer, samples: list[Sample]) -> float:
    return sum(seconds_of(peer, sample) for sample in samples)


def _median_ratio(above: list[float], below: list[float]) -> float:
    """Return the median over rounds of the ratio within a round."""
    return statistics.median(a / b for a, b in zip(above, below, strict=False))


def measure_single_calls(batch: Batch, plan: Plan) -> dict[str, float | int | str]:
    """Return microseconds of one call on one image, and of the same image within a batch.

    All images are computed by one call each, then all in one call on one thread, in turn; the
    overhead is the median over rounds of the difference.

    Raises:
        BenchError: curves of the batch differ from those of single images.
    """
    images, thresholds = images_of(batch)
    _checked(batch, images, thresholds)
    timers: dict[str, Timer] = {
        "single": lambda: _timed(lambda: _one_by_one(images, thresholds)),
        "batched": partial(seconds_of_batch, images, thresholds, 1),
    }
    rounds = timed_in_turn(timers, plan.repeats, plan.budget)
    micro = {name: [1e6 * s / batch.count for s in series] for name, series in rounds.items()}
    return {
        "input": batch.kind,
        "width": batch.width,
        "count": batch.count,
        "single_us": statistics.median(micro["single"]),
        "batched_us": statistics.median(micro["batched"]),
        "overhead_us": statistics.median(
            a - b for a, b in zip(micro["single"], micro["batched"], strict=False)
        ),
    }
