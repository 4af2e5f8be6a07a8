"""Persistence pairs of dimension 1 of volumes beside cripser's, on one thread."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterable
from functools import partial
from typing import Any, Literal

import numpy as np

from topojax.errors import BenchError
from topojax.experiments.bench.persistence.inputs import Sample
from topojax.experiments.bench.persistence.measurements import timed_in_turn
from topojax.experiments.bench.persistence.peers import CRIPSER, OURS
from topojax.experiments.bench.persistence.plans import Plan
from topojax.kernels import persistence_pairs

Construction = Literal["T", "V"]
BELOW = "topojax, 0 and 1"
"""cripser's `maxdim=1` gives dimension 0 on the way; so much do both take here."""

# cripser's word for a bar that never ends is the largest float.
_NEVER = 1e300


def measure_loops(samples: Iterable[Sample], plan: Plan) -> list[dict[str, Any]]:
    """Check, then time pairs of dimension 1 of volumes, in both constructions.

    Args:
        samples: of which images are left out, and volumes that are too large for cripser in `plan`.

    Returns:
        A row an input and construction: `input`, `size`, `dtype`, `construction`, `bars`, and by
        name the seconds of every round, `rounds`, and their `median`.

    Raises:
        BenchError: bars that differ from cripser's, before they are timed.
    """
    return [
        _measure(sample, construction, plan)
        for sample in samples
        if sample.image.ndim == 3
        and sample.image.size <= plan.limits.get(CRIPSER, sample.image.size)
        for construction in ("T", "V")
    ]


def _measure(sample: Sample, construction: Construction, plan: Plan) -> dict[str, Any]:
    small = sample.centre(8)
    _ours(small, construction, (0, 1))
    _cripser(small, construction)
    n_bars = _check(sample, construction)
    timers = {
        OURS: partial(_seconds, partial(_ours, sample, construction, (1,))),
        BELOW: partial(_seconds, partial(_ours, sample, construction, (0, 1))),
        CRIPSER: partial(_seconds, partial(_cripser, sample, construction)),
    }
    rounds = timed_in_turn(timers, plan.repeats, plan.budget)
    return {
        "input": sample.name,
        "size": sample.size,
        "dtype": sample.image.dtype.name,
        "construction": construction,
        "bars": n_bars,
        "median": {name: statistics.median(series) for name, series in rounds.items()},
        "rounds": rounds,
    }


def _seconds(compute: partial) -> float:
    start = time.perf_counter()
    compute()
    return time.perf_counter() - start


def _ours(sample: Sample, construction: Construction, dims: tuple[int, ...]) -> list[np.ndarray]:
    return [
        persistence_pairs(sample.image, dim, mask=sample.mask, construction=construction)[0]
        for dim in dims
    ]


def _cripser(sample: Sample, construction: Construction) -> np.ndarray:
    from cripser import compute_ph

    return compute_ph(sample.values, filtration=construction, maxdim=1)


def _check(sample: Sample, construction: Construction) -> int:
    """Return how many bars there are, once those of both have been seen to be equal."""
    rows = _cripser(sample, construction)
    theirs = rows[rows[:, 0] == 1, 1:3]
    theirs = theirs[theirs[:, 0] < theirs[:, 1]]
    theirs[theirs > _NEVER] = np.inf
    (bars,) = _ours(sample, construction, (1,))
    if not np.array_equal(_ordered(bars), _ordered(theirs)):
        raise BenchError(
            f"{sample.name} {sample.size}, {construction}: {len(bars)} bars of dimension 1 by "
            f"topojax, {len(theirs)} by {CRIPSER}, not the same; stopped before timing them"
        )
    return len(bars)


def _ordered(bars: np.ndarray) -> np.ndarray:
    return bars[np.lexsort(bars.T)]


def loops_table(rows: list[dict[str, Any]]) -> str:
    """Return milliseconds of topojax and cripser, and how many times as long cripser takes."""
    head = ["loops, ms", "construction", "bars", OURS, BELOW, f"{CRIPSER}, 0 and 1", "ratio"]
    body = [
        [
            f"{row['input']} {row['size']}, {row['dtype']}",
            row["construction"],
            str(row["bars"]),
            *(f"{1e3 * row['median'][name]:.3g}" for name in (OURS, BELOW, CRIPSER)),
            f"{row['median'][CRIPSER] / row['median'][OURS]:.1f}",
        ]
        for row in rows
    ]
    rule = ["---", "---"] + ["---:"] * (len(head) - 2)
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (head, rule, *body))
