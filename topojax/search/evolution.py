"""Differential evolution on the unit cube (Storn and Price 1997), by evosax.

Generation after generation, each kept in a file where that is asked for. A candidate without a
fitness (NaN) counts as the worst there is.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path
from typing import Any, Literal

import jax
import numpy as np
from tqdm import tqdm

from topojax.config import SearchConfig
from topojax.errors import ConfigError, TrainingError
from topojax.search.generation_files import GenerationFiles
from topojax.search.on_device.generations import TracedFitness, generations_on_device
from topojax.search.variation import Variation

Evaluated = tuple[np.ndarray, np.ndarray]
"""Genes float32 (P, G) of a generation and their fitness float32 (P,)."""

Stop = Literal["generations", "patience", "tolerance"]

_RATES = SearchConfig()


@dataclass(frozen=True)
class GenerationRecord:
    """Fitness after one generation; generation 0 is the initial population. Lower is better.

    Attributes:
        generation: its number.
        best: of all candidates so far.
        mean: of the population that this generation leaves, members without a fitness left out.
    """

    generation: int
    best: float
    mean: float


@dataclass(frozen=True)
class Evolution:
    """The outcome and the way there.

    Attributes:
        best_genes: float32 (G,), of the first of the best candidates.
        best_fitness: theirs.
        history: one record a generation, T = generations gone through + 1 of them.
        genes: every candidate in the order of evaluation, float32 (T, P, G).
        fitness: of every candidate, float32 (T, P); inf where it had none.
        stopped: what ended the search: all generations done, or the rule of that name.
    """

    best_genes: np.ndarray
    best_fitness: float
    history: tuple[GenerationRecord, ...]
    genes: np.ndarray
    fitness: np.ndarray
    stopped: Stop


def minimise(
    evaluate: Callable[[np.ndarray], np.ndarray] | TracedFitness,
    n_genes: int,
    *,
    population_size: int,
    generations: int,
    seed: int,
    crossover_rate: float = _RATES.crossover_rate,
    differential_weight: tuple[float, float] = _RATES.differential_weight,
    patience: int | None = None,
    tolerance: float | None = None,
    folder: Path | None = None,
    progress: bool = False,
    on_generation: Callable[[GenerationRecord], None] | None = None,
) -> Evolution:
    """Minimise a function of genes in [0, 1].

    With `folder`, every generation is written there, and a killed search goes on after the last
    one, or after any one whose successors are deleted, to the same result bit by bit.

    Args:
        evaluate: genes float32 (P, G) to fitness (P,), the whole population at once; or a fitness
            that is compiled into the search, several generations of which are one program.
        n_genes: G.
        population_size: P, at least 4; absolute, not a multiple of G.
        generations: rounds after the initial population, at most.
        seed: fixes the initial population and every variation.
        crossover_rate, differential_weight: see `topojax.config.SearchConfig`.
        patience: stop after so many generations in a row without a better candidate.
        tolerance: stop when std(fitness) <= tolerance * |mean(fitness)| over the population, as
            scipy's `differential_evolution` does.
        folder: of the generations' files; resumed from if they are there.
        progress: show a bar.
        on_generation: called after each generation that was evaluated, not for resumed ones.

    Raises:
        ConfigError: an argument out of its range, or fitness of another shape.
        TrainingError: no candidate of the initial population has a fitness.
        RunError: the folder holds a search of other settings or a damaged file, or cannot be
            written.
    """
    _check(n_genes, population_size, generations, patience, tolerance)
    settings = {
        "population_size": population_size,
        "n_genes": n_genes,
        "seed": seed,
        "crossover_rate": crossover_rate,
        "differential_weight": list(differential_weight),
    }
    files = GenerationFiles(folder, settings) if folder else None
    history: list[GenerationRecord] = []
    evaluated: list[Evaluated] = []
    stopped: Stop = "generations"
    total = generations + 1
    # In float32, and with the same draws, whatever JAX_ENABLE_X64 says.
    with jax.enable_x64(False):
        variation = Variation.of(
            population_size, n_genes, seed, crossover_rate, differential_weight
        )
        each = islice(_gone_through(evaluate, variation, files), total)
        bar = tqdm(each, "search", total=total, disable=None if progress else True)
        for found, population, is_new in bar:
            evaluated.append(found)
            history.append(_record(len(history), population))
            if on_generation and is_new:
                on_generation(history[-1])
            stopped = _stop(history, population, patience, tolerance)
            if stopped != "generations":
                break
    genes = np.stack([genes for genes, _ in evaluated])
    fitness = np.stack([fitness for _, fitness in evaluated])
    best = np.unravel_index(fitness.argmin(), fitness.shape)
    return Evolution(genes[best], float(fitness[best]), tuple(history), genes, fitness, stopped)


def _gone_through(
    evaluate: Callable[[np.ndarray], np.ndarray] | TracedFitness,
    variation: Variation,
    files: GenerationFiles | None,
) -> Iterator[tuple[Evaluated, np.ndarray, bool]]:
    """Yield each generation, the fitness of the population that it leaves, whether it is new.

    Those that are stored come first; the others are evaluated, and stored.
    """
    state: Any = None
    ahead: deque[Evaluated] = deque()
    is_new = files is None
    for generation in count():
        stored = files.read(generation) if files and not is_new else None
        is_new = stored is None
        if stored is None:
            ahead = ahead or deque(_evaluated(evaluate, variation, generation, state))
            stored = ahead.popleft()
            if generation == 0:
                _check_first(stored[1])
            if files:
                files.write(generation, *stored)
        state = variation.selected(state, *stored) if generation else variation.begun(*stored)
        yield stored, np.asarray(state.fitness, np.float64), is_new


def _evaluated(
    evaluate: Callable[[np.ndarray], np.ndarray] | TracedFitness,
    variation: Variation,
    generation: int,
    state: Any,
) -> list[Evaluated]:
    """Return one or more generations from this one on."""
    if isinstance(evaluate, TracedFitness):
        return generations_on_device(evaluate, variation, generation, state)
    genes = np.asarray(variation.next(generation, state) if generation else variation.first())
    return [(genes, _fitness(evaluate, genes))]


def _fitness(evaluate: Callable[[np.ndarray], np.ndarray], genes: np.ndarray) -> np.ndarray:
    fitness = np.asarray(evaluate(genes), np.float32)
    if fitness.shape != genes.shape[:1]:
        raise ConfigError(
            f"evaluate returned fitness of shape {fitness.shape} for genes of shape {genes.shape}; "
            f"return one number a candidate, {genes.shape[:1]}"
        )
    return np.where(np.isnan(fitness), np.float32(np.inf), fitness)


def _record(generation: int, fitness: np.ndarray) -> GenerationRecord:
    finite = fitness[np.isfinite(fitness)]
    return GenerationRecord(generation, float(fitness.min()), float(finite.mean()))


def _stop(
    history: list[GenerationRecord],
    fitness: np.ndarray,
    patience: int | None,
    tolerance: float | None,
) -> Stop:
    """Return the rule that ends the search after the last generation; `generations`: none."""
    if patience is not None and _is_stale(history, patience):
        return "patience"
    # The first population has converged by chance alone.
    if tolerance is not None and len(history) > 1 and _has_converged(fitness, tolerance):
        return "tolerance"
    return "generations"


def _is_stale(history: list[GenerationRecord], patience: int) -> bool:
    return len(history) > patience and history[-1].best >= history[-1 - patience].best


def _has_converged(fitness: np.ndarray, tolerance: float) -> bool:
    if not np.isfinite(fitness).all():
        return False
    return bool(fitness.std() <= tolerance * abs(fitness.mean()))


def _check_first(fitness: np.ndarray) -> None:
    if not np.isfinite(fitness).any():
        raise TrainingError(
            f"none of the {len(fitness)} candidates of the search's first population has a finite "
            "fitness; evaluate one of them to see why, or lower the classifiers' learning rate"
        )


def _check(
    n_genes: int,
    population_size: int,
    generations: int,
    patience: int | None,
    tolerance: float | None,
) -> None:
    lowest = {"n_genes": 1, "population_size": 4, "generations": 0, "patience": 1}
    given = {
        "n_genes": n_genes,
        "population_size": population_size,
        "generations": generations,
        "patience": patience,
    }
    for name, value in given.items():
        if value is not None and value < lowest[name]:
            raise ConfigError(f"{name}={value} must be at least {lowest[name]}")
    if tolerance is not None and not tolerance > 0:
        raise ConfigError(f"tolerance={tolerance} must be above 0; None: never stop by it")
