"""Generations one after the other in one compiled program: proposed, evaluated and selected."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from topojax.search.variation import Variation


@dataclass(frozen=True)
class TracedFitness:
    """A fitness that is compiled into the search.

    Attributes:
        function: of `data` and genes, float32 (P, G); gives fitness, float32 (P,), NaN the worst.
            Traced once; two that are equal share a program.
        data: what it needs, a tree of arrays.
        at_once: generations in one program, after which they are written and shown.
    """

    function: Callable[[Any, Array], Array]
    data: Any
    at_once: int = 5


def generations_on_device(
    fitness: TracedFitness, variation: Variation, generation: int, state: Any
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return genes (P, G) and fitness (P,) of `fitness.at_once` generations.

    Args:
        fitness: of a population.
        variation: how generations follow from one another.
        generation: the first one's number.
        state: before it; None where it is 0.
    """
    if state is None:
        genes = variation.first()
        state = variation.begun(genes, jnp.full(len(genes), jnp.inf))
    numbers = generation + jnp.arange(fitness.at_once)
    found = jax.device_get(
        scan_generations(fitness.function, fitness.data, variation, numbers, state)
    )
    return list(zip(*found, strict=True))


@partial(jax.jit, static_argnums=0)
def scan_generations(
    function: Callable[[Any, Array], Array],
    data: Any,
    variation: Variation,
    numbers: Array,
    state: Any,
) -> tuple[Float[Array, "T P G"], Float[Array, "T P"]]:
    """Return genes and fitness of the generations of these numbers; see `generations_on_device`."""

    def step(state: Any, generation: Array) -> tuple[Any, tuple[Array, Array]]:
        is_first = generation == 0
        genes = jnp.where(is_first, variation.first(), variation.next(generation, state))
        found = function(data, genes).astype(jnp.float32)
        found = jnp.where(jnp.isnan(found), jnp.inf, found)
        begun, selected = variation.begun(genes, found), variation.selected(state, genes, found)
        kept = jax.tree.map(partial(jnp.where, is_first), begun, selected)
        return kept, (genes, found)

    return jax.lax.scan(step, state, numbers)[1]
