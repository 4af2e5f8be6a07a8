"""Every function lowers for GPUs and TPUs on a machine that has neither."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import pytest
from jax import export

from topojax.topology.device import (
    betti_curves,
    connected_components,
    euler_curve,
    persistence_pairs,
)

GRID = [0.0, 0.5, 1.0]
FUNCTIONS: dict[str, Callable[[jax.Array], Any]] = {
    "betti_curves": lambda x: betti_curves(x, GRID),
    "euler_curve": lambda x: euler_curve(x, GRID),
    "connected_components": lambda x: connected_components(x > 0.5),
    "persistence_pairs": lambda x: persistence_pairs(x, 0),
    "persistence_pairs, last": lambda x: persistence_pairs(x, x.ndim - 1),
}


@pytest.mark.parametrize("shape", [(8, 9), (4, 5, 6)])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_it_lowers_for_accelerators(name: str, shape: tuple[int, ...]) -> None:
    batch = jax.ShapeDtypeStruct((3, *shape), jnp.float32)
    program = jax.jit(jax.vmap(FUNCTIONS[name]))
    lowered = export.export(program, platforms=["cuda", "tpu"])(batch)
    assert lowered.platforms == ("cuda", "tpu")
    assert lowered.in_avals[0].shape == batch.shape
