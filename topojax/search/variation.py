"""How differential evolution proposes candidates and keeps them, by evosax.

The first population is a Latin hypercube (McKay, Beckman and Conover 1979). evosax has no bounds:
candidates are clipped to [0, 1] before they are evaluated and before they are told.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from evosax.algorithms import DifferentialEvolution
from jaxtyping import Array, Float


@lru_cache
def _algorithm(population_size: int, n_genes: int) -> DifferentialEvolution:
    # Cached: evosax compiles anew for every instance.
    return DifferentialEvolution(population_size, jnp.zeros(n_genes))


@dataclass(frozen=True)
class Variation:
    """One differential evolution: its algorithm, rates and random draws."""

    algorithm: DifferentialEvolution
    parameters: Any
    key: jax.Array

    @classmethod
    def of(
        cls, size: int, n_genes: int, seed: int, crossover_rate: float, weights: tuple[float, float]
    ) -> Variation:
        """Return that of P candidates of G genes; rates as in `topojax.config.SearchConfig`."""
        algorithm = _algorithm(size, n_genes)
        parameters = algorithm.default_params.replace(
            elitism=True,  # the base vector is the best member: best/1/bin, as scipy's default
            crossover_rate=crossover_rate,
            differential_weight_min=weights[0],
            differential_weight_max=weights[1],
        )
        return cls(algorithm, parameters, jax.random.key(seed))

    def first(self) -> Float[Array, "population genes"]:
        """Return the genes of generation 0."""
        key = jax.random.fold_in(self.key, 0)
        return latin_hypercube(key, self.algorithm.population_size, self.algorithm.num_dims)

    def next(self, generation: int | Array, state: Any) -> Float[Array, "population genes"]:
        """Return the genes of a later generation."""
        key = jax.random.fold_in(self.key, generation)
        candidates, _ = self.algorithm.ask(key, state, self.parameters)
        # Clipped, not reflected: optima on faces and corners, where weights vanish, are then
        # reached exactly, at no cost to inner ones (benchmarks/evolution.py).
        return jnp.clip(candidates, 0.0, 1.0)

    def begun(self, genes: np.ndarray | Array, fitness: np.ndarray | Array) -> Any:
        """Return the state after generation 0, of genes (P, G) and fitness (P,)."""
        # Selection draws nothing: the key is for evosax's signature alone.
        key = jax.random.key(0)
        return self.algorithm.init(key, jnp.asarray(genes), jnp.asarray(fitness), self.parameters)

    def selected(self, state: Any, genes: np.ndarray | Array, fitness: np.ndarray | Array) -> Any:
        """Return the state after a later generation."""
        key = jax.random.key(0)
        found = jnp.asarray(genes), jnp.asarray(fitness)
        state, _ = self.algorithm.tell(key, *found, state, self.parameters)
        return state


jax.tree_util.register_dataclass(
    Variation, data_fields=["parameters", "key"], meta_fields=["algorithm"]
)


@partial(jax.jit, static_argnums=(1, 2))
def latin_hypercube(key: jax.Array, size: int, n_genes: int) -> Float[Array, "size genes"]:
    """Return points in [0, 1] whose coordinates each have one value in every 1/size."""
    cell_key, offset_key = jax.random.split(key)
    cells = jnp.tile(jnp.arange(size)[:, None], (1, n_genes))
    cells = jax.random.permutation(cell_key, cells, axis=0, independent=True)
    return (cells + jax.random.uniform(offset_key, (size, n_genes))) / size
