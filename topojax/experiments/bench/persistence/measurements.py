"""What is measured: times in turn, threads, a ROI, memory, bandwidth, first call."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numba
import numpy as np

from topojax.errors import BenchError
from topojax.experiments.bench.persistence import inputs, peers
from topojax.experiments.bench.persistence.inputs import Sample
from topojax.experiments.bench.persistence.peers import Peer
from topojax.experiments.bench.persistence.plans import Plan
from topojax.kernels import betti_curves_batch

SHORTEST_ROUND = 0.02
ROI_FRACTION = 0.1
_STEPS = 50_000_000
_FIRST_CALL = """
import time
start = time.perf_counter()
import numpy as np
from topojax.kernels import betti_curves
image = np.random.default_rng(0).random((28, 28, 28), np.float32)
betti_curves(image, np.linspace(0, 1, 50))
print(time.perf_counter() - start)
"""

Timer = Callable[[], float]


@dataclass(frozen=True)
class Row:
    """Nanoseconds a voxel on one input, of all its voxels, whether inside a mask or not.

    Attributes:
        floor: reading the input once at the measured bandwidth.
        median, rounds: by name, topojax and the peers that were timed.
        checked: the peers whose curves were equal to ours.
    """

    input: str
    size: str
    rank: int
    dtype: str
    voxels: int
    floor: float
    median: dict[str, float]
    rounds: dict[str, list[float]]
    checked: list[str]

    def __str__(self) -> str:
        medians = ", ".join(f"{name} {ns:.3g}" for name, ns in self.median.items())
        return f"{self.input} {self.size}, ns a voxel: {medians}"


def check(sample: Sample, timed: list[Peer], every_peer: list[Peer]) -> list[str]:
    """Compare curves with ours; return the names of the peers that were asked.

    Where the image is too large for all, cc3d checks every tenth threshold.

    Raises:
        BenchError: names the first difference.
    """
    asked = timed
    if not asked:
        sample = replace(sample, thresholds=sample.thresholds[::10])
        asked = [peer for peer in every_peer if peer.name == peers.CC3D]
    wanted = peers.ours(sample)
    for peer in asked:
        dimensions = peer.dimensions[sample.image.ndim]
        _, theirs = peer.timed(sample)
        differ = np.argwhere(wanted[list(dimensions)] != theirs)
        if differ.size:
            row, at = differ[0]
            raise BenchError(
                f"{sample.name} {sample.size}: beta_{dimensions[row]} at threshold "
                f"{sample.thresholds[at]:.6g} is {theirs[row, at]} by {peer.name}, "
                f"{wanted[dimensions[row], at]} by topojax; stopped before timing it"
            )
    return [peer.name for peer in asked]


def timed_in_turn(
    timers: Mapping[str, Timer], repeats: int, budget: float
) -> dict[str, list[float]]:
    """Return the seconds of every round of each, one round of each after the other.

    A round of something short is the mean of calls for 20 ms. What has used up its budget of
    seconds sits out the rounds that are left.
    """
    seconds: dict[str, list[float]] = {name: [] for name in timers}
    for _ in range(repeats):
        for name, timer in timers.items():
            if sum(seconds[name]) < budget:
                seconds[name].append(_round(timer))
    return seconds


def _round(timer: Timer) -> float:
    total, calls = 0.0, 0
    while total < SHORTEST_ROUND:
        total += timer()
        calls += 1
    return total / calls


def _seconds(peer: Peer, sample: Sample) -> float:
    return peer.timed(sample)[0]


def measure(sample: Sample, every_peer: list[Peer], plan: Plan, bandwidth: float) -> Row:
    """Check, then time topojax and the peers that this image is not too large for."""
    image = sample.image
    timed = [
        peer
        for peer in every_peer
        if image.ndim in peer.dimensions and image.size <= plan.limits.get(peer.name, image.size)
    ]
    for peer in (peers.TOPOJAX, *timed):
        peer.timed(sample.centre(8))
    checked = check(sample, timed, every_peer)
    timers = {peer.name: partial(_seconds, peer, sample) for peer in (peers.TOPOJAX, *timed)}
    rounds = {
        name: [1e9 * s / image.size for s in series]
        for name, series in timed_in_turn(timers, plan.repeats, plan.budget).items()
    }
    read = image.itemsize + (sample.mask is not None)
    return Row(
        input=sample.name,
        size=sample.size,
        rank=image.ndim,
        dtype=image.dtype.name,
        voxels=image.size,
        floor=1e9 * read / bandwidth,
        median={name: statistics.median(series) for name, series in rounds.items()},
        rounds=rounds,
        checked=checked,
    )


def measure_bandwidth() -> float:
    """Return bytes a second of a copy between two arrays beyond any cache, read and written."""
    source = np.ones(2**25)
    target = np.zeros_like(source)

    def copy() -> float:
        start = time.perf_counter()
        np.copyto(target, source)
        return time.perf_counter() - start

    return 2 * source.nbytes / statistics.median(copy() for _ in range(7))


def measure_threads(width: int, count: int, plan: Plan) -> dict[str, float | int]:
    """Return milliseconds an image of a batch of smooth cubes on one thread and on two."""
    images = np.stack([inputs.smooth((width,) * 3, inputs.SEED + i) for i in range(count)])
    thresholds = inputs.make_sample("batch", images).thresholds
    want = [peers.ours(inputs.Sample("", image, None, thresholds)) for image in images]

    def timer(n_threads: int) -> float:
        start = time.perf_counter()
        got = betti_curves_batch(images, thresholds, n_threads=n_threads)
        seconds = time.perf_counter() - start
        if not np.array_equal(got, want):
            raise BenchError(f"{count} x {width}^3: the batch is not equal to single images")
        return seconds

    timers = {"one": partial(timer, 1), "two": partial(timer, 2)}
    timer(2)
    rounds = timed_in_turn(timers, plan.repeats, plan.budget)
    one, two = (1e3 * statistics.median(rounds[name]) / count for name in timers)
    return {"width": width, "count": count, "one_ms": one, "two_ms": two, "ratio": one / two}


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


def measure_second_processor(repeats: int) -> float:
    """Return how much arithmetic two threads do in the time in which one does 1.

    They share nothing and touch no memory, so that this is the most that a batch can gain.
    """
    _arithmetic(1)

    def timer(n_threads: int) -> float:
        with ThreadPoolExecutor(n_threads) as pool:
            start = time.perf_counter()
            list(pool.map(_arithmetic, [_STEPS] * n_threads))
            return time.perf_counter() - start

    rounds = timed_in_turn({"one": partial(timer, 1), "two": partial(timer, 2)}, repeats, 10.0)
    one, two = (statistics.median(series) for series in rounds.values())
    return 2 * one / two


def measure_first_call() -> dict[str, float]:
    """Return seconds of imports and curves of 28³ with nothing compiled, and in a later process."""
    command = [sys.executable, "-c", _FIRST_CALL]
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"NUMBA_CACHE_DIR": folder}
        first, later = (
            float(
                subprocess.run(
                    command, check=True, env=environment, stdout=subprocess.PIPE, text=True
                ).stdout
            )
            for _ in range(2)
        )
    return {"first_s": first, "later_s": later}


def measure_roi(width: int, plan: Plan) -> dict[str, float | int]:
    """Return milliseconds of a smooth cube in full and in a ball of a tenth of its voxels."""
    image = inputs.smooth((width,) * 3)
    full = inputs.make_sample("full", image)
    mask = inputs.ball(image.shape, ROI_FRACTION)
    roi = replace(full, mask=mask)
    timers = {
        "full": partial(_seconds, peers.TOPOJAX, full),
        "roi": partial(_seconds, peers.TOPOJAX, roi),
    }
    for timer in timers.values():
        timer()
    rounds = timed_in_turn(timers, plan.repeats, plan.budget)
    whole, part = (1e3 * statistics.median(rounds[name]) for name in timers)
    share = float(mask.mean())
    return {
        "width": width,
        "share": share,
        "full_ms": whole,
        "roi_ms": part,
        "fraction": part / whole,
    }


def measure_memory(name: str, width: int) -> dict[str, float | int | str | None]:
    """Return the peak of bytes a voxel beyond the input, in a process of its own."""
    sample = inputs.synthetic(name, (width,) * 3)
    script = Path(__file__).with_name("peak_memory.py")
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / "image.npy", Path(folder) / "thresholds.npy"]
        np.save(files[0], sample.image)
        np.save(files[1], sample.thresholds)
        command = [sys.executable, str(script), *map(str, files)]
        answer = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    peak = json.loads(answer)["bytes"]
    per_voxel = None if peak is None else peak / sample.image.size
    return {"input": name, "width": width, "bytes_per_voxel": per_voxel}
