"""Generations by the search and candidates by the paper's loop, in turn, and their record."""

from __future__ import annotations

import os
import platform
import resource
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from typing import Any, TypeVar

import numpy as np

from topojax.config import Config
from topojax.data import Dataset
from topojax.experiments.bench.needed import require_module
from topojax.experiments.bench.search.plan import Plan
from topojax.experiments.bench.search.task import SEED, make_task
from topojax.kernels import region_sizes
from topojax.pipeline.plan import population_size
from topojax.search import LabelledMaps, RoiObjective, SearchData, decode_rules, n_genes

QUESTION = "How many candidates a second does the search evaluate, beside the paper's loop?"
# Enough for every thread to have several; of hundreds of images a few per cent.
_TIMED_IMAGES = 32

Fitness = Callable[[np.ndarray, float], float]
Value = TypeVar("Value")


@dataclass
class Rounds:
    """What was timed, round after round.

    Attributes:
        ours: seconds a candidate of a generation.
        stages: of a generation, seconds of masks, topology and classifiers.
        fitness: of the last generation's candidates.
        theirs: seconds of one candidate in the loop.
        by_loop: fitness of those candidates.
    """

    ours: list[float] = field(default_factory=list)
    stages: list[dict[str, float]] = field(default_factory=list)
    fitness: np.ndarray = field(default_factory=lambda: np.zeros(0))
    theirs: list[float] = field(default_factory=list)
    by_loop: list[float] = field(default_factory=list)


def timed(step: Callable[[], Value]) -> tuple[float, Value]:
    """Return the seconds of one call, and what it returned."""
    start = time.perf_counter()
    result = step()
    return time.perf_counter() - start, result


def region_seconds(maps: np.ndarray, weights: np.ndarray, taus: np.ndarray) -> float:
    """Return what the regions of all candidates take by themselves.

    One pass makes an image's regions and their topology: the regions of some images alone are
    timed, and scaled to all.
    """
    some = maps[:: -(-len(maps) // _TIMED_IMAGES)]
    region_sizes(some[:1], weights, taus)  # compiles
    seconds, _ = timed(lambda: region_sizes(some, weights, taus)[0])
    return seconds * len(maps) / len(some)


def parted(seconds: dict[str, float], regions: float) -> dict[str, float]:
    """Return the seconds of a generation with those of the regions taken out of the topology's."""
    mask = min(regions, seconds["topology"])
    rest = seconds["topology"] - mask
    return {"mask": mask, "topology": rest, "classifiers": seconds["classifiers"]}


def measure(plan: Plan) -> dict[str, Any]:
    """Compare, time and return the record.

    Raises:
        BenchError: descriptors that differ, before they are timed; GUDHI is not installed.
        DataError: the file cannot be read.
        ConfigError: filtrations or thresholds that there are not.
    """
    if plan.loops:
        require_module("gudhi", "bench", "the paper's loop", "or give --loops 0")
    data, config, seen = make_task(plan)
    rng = np.random.default_rng(SEED)
    n = n_genes(seen.n_layers, config.search)
    genes = rng.random((population_size(config), n)).astype(np.float32)
    fitness = _loop_fitness(seen.train, config, genes) if plan.loops else None
    rounds = _timed_in_turn(plan, seen, config, genes, fitness)
    return _record(data, config, seen.train, len(genes), rounds)


def _loop_fitness(train: LabelledMaps, config: Config, genes: np.ndarray) -> Fitness:
    # Imports GUDHI, which a search alone does not need.
    from topojax.experiments.bench.search.same_task import paper_loop, require_equal_descriptors

    loop = paper_loop(train, config)
    require_equal_descriptors(loop, train, config, genes)
    return loop.fitness


def _timed_in_turn(
    plan: Plan, seen: SearchData, config: Config, genes: np.ndarray, fitness: Fitness | None
) -> Rounds:
    weights, taus = decode_rules(genes, seen.n_layers, config.search)
    objective = RoiObjective(seen, config, SEED)
    objective(genes)  # compiles
    rounds = Rounds()
    for number in range(max(plan.loops, plan.repeats)):
        if number < plan.repeats:
            seconds, rounds.fitness = timed(lambda: objective(genes))
            rounds.ours.append(seconds / len(genes))
            regions = region_seconds(seen.train.maps, weights, taus)
            rounds.stages.append(parted(objective.seconds(), regions))
        if fitness is not None and number < plan.loops:
            candidate = partial(fitness, weights[number], float(taus[number]))
            seconds, value = timed(candidate)
            rounds.theirs.append(seconds)
            rounds.by_loop.append(value)
    return rounds


def _record(
    data: Dataset, config: Config, train: LabelledMaps, size: int, rounds: Rounds
) -> dict[str, Any]:
    ours, theirs = rounds.ours, rounds.theirs
    a_candidate = statistics.median(ours)
    return {
        "question": QUESTION,
        "date": datetime.now(UTC).date().isoformat(),
        "device": platform.processor() or platform.machine(),
        "processors": len(os.sched_getaffinity(0)),
        "versions": _versions(),
        "data": data.name,
        "shape": [len(train.labels), *train.images.spatial_shape],
        "population": size,
        "settings": {
            "search": config.search.model_dump(),
            "topology": config.topology.model_dump(),
        },
        "peak_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
        "seconds_a_candidate": {"topojax": ours, "loop": theirs},
        "median": {"topojax": a_candidate, "loop": statistics.median(theirs) if theirs else None},
        "ratio": statistics.median(theirs) / a_candidate if theirs else None,
        "stages": {
            name: statistics.median(one[name] for one in rounds.stages) for name in rounds.stages[0]
        },
        "whole_search_minutes": a_candidate * size * (1 + config.search.generations) / 60,
        "fitness": {
            "topojax": rounds.fitness[: len(rounds.by_loop)].tolist(),
            "loop": rounds.by_loop,
        },
    }


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for name in ("topojax", "jax", "numba", "gudhi", "scikit-learn"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
