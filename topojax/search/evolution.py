"""Differential evolution on the unit cube (Storn and Price 1997), by evosax, one generation a time.

evosax has no bounds: candidates are clipped to [0, 1] before they are evaluated and before they
are told. A candidate without a fitness (NaN) counts as the worst there is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from evosax.algorithms import DifferentialEvolution
from tqdm import tqdm

from topojax.checkpoint import Series, load_checkpoint


@dataclass(frozen=True)
class GenerationRecord:
    """Fitness after one generation; generation 0 is the initial population. Lower is better."""

    generation: int
    best: float
    mean: float


@dataclass(frozen=True)
class Evolution:
    """The outcome: best genes, float32 (G,), their fitness, and the way there."""

    best_genes: np.ndarray
    best_fitness: float
    history: tuple[GenerationRecord, ...]


def minimise(
    evaluate: Callable[[np.ndarray], np.ndarray],
    n_genes: int,
    *,
    population_size: int,
    generations: int,
    seed: int,
    folder: Path | None = None,
    progress: bool = False,
    on_generation: Callable[[GenerationRecord], None] | None = None,
) -> Evolution:
    """Minimise a function of genes in [0, 1].

    With `folder`, the state is written there after every generation and a killed run goes on from
    it with the same result.

    Args:
        evaluate: genes float32 (P, G) to fitness (P,); the whole population at once.
        n_genes: G.
        population_size: P, at least 4; absolute, not a multiple of G.
        generations: rounds after the initial population.
        seed: fixes the initial population and every variation.
    """
    key = jax.random.key(seed)
    algorithm = _algorithm(population_size, n_genes)
    series = Series(folder, "generation") if folder else None
    resumed = _resume(series, algorithm, n_genes)
    if resumed is None:
        population = jax.random.uniform(jax.random.fold_in(key, 0), (population_size, n_genes))
        fitness = _finite(evaluate(np.asarray(population)))
        state = algorithm.init(key, population, fitness, algorithm.default_params)
        history = [_record(0, state)]
        _finish(series, state, history, on_generation)
    else:
        state, history = resumed
    rounds = range(len(history), generations + 1)
    for generation in tqdm(rounds, "search", disable=None if progress else True):
        state = _advance(algorithm, state, evaluate, jax.random.fold_in(key, generation))
        history.append(_record(generation, state))
        _finish(series, state, history, on_generation)
    best = int(np.argmin(state.fitness))
    return Evolution(np.asarray(state.population[best]), float(state.fitness[best]), tuple(history))


@lru_cache
def _algorithm(population_size: int, n_genes: int) -> DifferentialEvolution:
    # Cached: evosax compiles anew for every instance.
    return DifferentialEvolution(population_size, jnp.zeros(n_genes))


def _advance(
    algorithm: DifferentialEvolution,
    state: Any,
    evaluate: Callable[[np.ndarray], np.ndarray],
    key: jax.Array,
) -> Any:
    ask_key, tell_key = jax.random.split(key)
    population, state = algorithm.ask(ask_key, state, algorithm.default_params)
    population = jnp.clip(population, 0.0, 1.0)
    fitness = _finite(evaluate(np.asarray(population)))
    state, _ = algorithm.tell(tell_key, population, fitness, state, algorithm.default_params)
    return state


def _finite(fitness: np.ndarray) -> jax.Array:
    return jnp.asarray(np.where(np.isnan(fitness), np.inf, fitness), jnp.float32)


def _record(generation: int, state: Any) -> GenerationRecord:
    fitness = np.asarray(state.fitness)
    evaluated = fitness[np.isfinite(fitness)]
    mean = float(evaluated.mean()) if evaluated.size else float("inf")
    return GenerationRecord(generation, float(fitness.min()), mean)


def _finish(
    series: Series | None,
    state: Any,
    history: list[GenerationRecord],
    on_generation: Callable[[GenerationRecord], None] | None,
) -> None:
    if series is not None:
        generation = history[-1].generation
        series.save(generation, state, {"history": [asdict(record) for record in history]})
        series.keep_only(generation)
    if on_generation is not None:
        on_generation(history[-1])


def _resume(
    series: Series | None, algorithm: DifferentialEvolution, n_genes: int
) -> tuple[Any, list[GenerationRecord]] | None:
    newest = series.newest() if series else None
    if series is None or newest is None:
        return None
    size = algorithm.population_size
    abstract = jax.eval_shape(
        algorithm.init,
        jax.random.key(0),
        jnp.zeros((size, n_genes)),
        jnp.zeros(size),
        algorithm.default_params,
    )
    state, meta = load_checkpoint(series.path(newest), lambda _: abstract)
    state = jax.tree.map(lambda leaf, like: jnp.asarray(leaf, like.dtype), state, abstract)
    return state, [GenerationRecord(**record) for record in meta["history"]]
