"""What `persistence.py` measures: times in turn, threads, a ROI, memory, bandwidth."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import inputs
import numpy as np
import peers
from inputs import RealInput, Sample
from peers import Peer

from topojax.kernels import betti_curves_batch

SHORTEST_ROUND = 0.02
ROI_FRACTION = 0.1

Timer = Callable[[], float]


@dataclass(frozen=True)
class Plan:
    """What one run times.

    Attributes:
        stem: name of the files of results.
        repeats: rounds; the median counts.
        budget: seconds of timing of one peer on one input, after which it takes no further round.
        volumes, images: names and widths of synthetic cubes and squares.
        real: real inputs, where their files are there.
        batches: widths and numbers of cubes.
        roi: width of the cube with a ROI.
        memory: names and widths of the cubes whose peak of memory is measured.
        limits: most voxels of a peer; without an entry, any number.
    """

    stem: str
    repeats: int
    budget: float
    volumes: tuple[tuple[str, int], ...]
    images: tuple[tuple[str, int], ...]
    real: tuple[RealInput, ...]
    batches: tuple[tuple[int, int], ...]
    roi: int
    memory: tuple[tuple[str, int], ...]
    limits: dict[str, int]


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


def check(sample: Sample, timed: list[Peer], every_peer: list[Peer]) -> list[str]:
    """Compare curves with ours; return the names of the peers that were asked.

    Where the image is too large for all, cc3d checks every tenth threshold.

    Raises:
        SystemExit: names the first difference.
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
            raise SystemExit(
                f"{sample.name} {sample.size}: beta_{dimensions[row]} at threshold "
                f"{sample.thresholds[at]:.6g} is {theirs[row, at]} by {peer.name}, "
                f"{wanted[dimensions[row], at]} by topojax; stopped before timing it"
            )
    return [peer.name for peer in asked]


def timed_in_turn(timers: dict[str, Timer], repeats: int, budget: float) -> dict[str, list[float]]:
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
            raise SystemExit(f"{count} x {width}^3: the batch is not equal to single images")
        return seconds

    timers = {"one": partial(timer, 1), "two": partial(timer, 2)}
    timer(2)
    rounds = timed_in_turn(timers, plan.repeats, plan.budget)
    one, two = (1e3 * statistics.median(rounds[name]) / count for name in timers)
    return {"width": width, "count": count, "one_ms": one, "two_ms": two, "ratio": one / two}


def measure_roi(width: int, plan: Plan) -> dict[str, float | int]:
    """Return milliseconds of a smooth cube in full and in a ball of a tenth of its voxels."""
    image = inputs.smooth((width,) * 3)
    full = inputs.make_sample("full", image)
    roi = replace(full, mask=inputs.ball(image.shape, ROI_FRACTION))
    timers = {
        "full": partial(_seconds, peers.TOPOJAX, full),
        "roi": partial(_seconds, peers.TOPOJAX, roi),
    }
    for timer in timers.values():
        timer()
    rounds = timed_in_turn(timers, plan.repeats, plan.budget)
    whole, part = (1e3 * statistics.median(rounds[name]) for name in timers)
    share = float(roi.mask.mean())
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
