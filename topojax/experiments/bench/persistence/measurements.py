"""What is measured of single images: times in turn, bandwidth, a ROI."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from topojax.errors import BenchError
from topojax.experiments.bench.persistence import inputs, peers
from topojax.experiments.bench.persistence.inputs import Sample
from topojax.experiments.bench.persistence.peers import Peer
from topojax.experiments.bench.persistence.plans import Plan

SHORTEST_ROUND = 0.02
ROI_FRACTION = 0.1

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
    construction: str
    voxels: int
    floor: float
    median: dict[str, float]
    rounds: dict[str, list[float]]
    checked: list[str]

    def __str__(self) -> str:
        medians = ", ".join(f"{name} {ns:.3g}" for name, ns in self.median.items())
        return f"{self.input} {self.size}, {self.construction}, ns a voxel: {medians}"


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
                f"{sample.name} {sample.size} ({sample.construction}): beta_{dimensions[row]} "
                f"at threshold {sample.thresholds[at]:.6g} is {theirs[row, at]} by {peer.name}, "
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


def seconds_of(peer: Peer, sample: Sample) -> float:
    """Return the seconds of one call."""
    return peer.timed(sample)[0]


def fitting(sample: Sample, every_peer: list[Peer], plan: Plan) -> list[Peer]:
    """Return the peers that know such an image, and that it is not too large for."""
    size = sample.image.size
    return [p for p in every_peer if p.takes(sample) and size <= plan.limits.get(p.name, size)]


def measure(sample: Sample, every_peer: list[Peer], plan: Plan, bandwidth: float) -> Row:
    """Check, then time topojax and the peers that this image is not too large for."""
    image = sample.image
    timed = fitting(sample, every_peer, plan)
    for peer in (peers.TOPOJAX, *timed):
        peer.timed(sample.centre(8))
    checked = check(sample, timed, every_peer)
    timers = {peer.name: partial(seconds_of, peer, sample) for peer in (peers.TOPOJAX, *timed)}
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
        construction=sample.construction,
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


def measure_roi(width: int, plan: Plan) -> dict[str, float | int]:
    """Return milliseconds of a smooth cube in full and in a ball of a tenth of its voxels."""
    image = inputs.smooth((width,) * 3)
    full = inputs.make_sample("full", image)
    mask = inputs.ball(image.shape, ROI_FRACTION)
    roi = replace(full, mask=mask)
    timers = {
        "full": partial(seconds_of, peers.TOPOJAX, full),
        "roi": partial(seconds_of, peers.TOPOJAX, roi),
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
