"""Every function lowers for GPUs and TPUs on a machine that has neither."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import pytest
from jax import export

from topojax.topology import device
from topojax.topology.device import (
    betti_curves,
    betti_error,
    connected_components,
    euler_curve,
    persistence_pairs,
    soft_betti_curves,
    topology_loss,
)

GRID = [0.0, 0.5, 1.0]
FUNCTIONS: dict[str, Callable[[jax.Array], Any]] = {
    "betti_curves": lambda x: betti_curves(x, GRID),
    "euler_curve": lambda x: euler_curve(x, GRID),
    "connected_components": lambda x: connected_components(x > 0.5),
    "persistence_pairs": lambda x: persistence_pairs(x, 0),
    "persistence_pairs, last": lambda x: persistence_pairs(x, x.ndim - 1),
    "soft_betti_curves": jax.grad(lambda x: soft_betti_curves(x, GRID, 0.1).sum()),
    "topology_loss": jax.grad(lambda x: topology_loss(x, (1,) * x.ndim, GRID, 0.1)),
    "betti_error": lambda x: betti_error(x > 0.5, x > 0.6, patch=3),
}


@pytest.mark.parametrize("shape", [(8, 9), (4, 5, 6)])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_it_lowers_for_accelerators(name: str, shape: tuple[int, ...]) -> None:
    batch = jax.ShapeDtypeStruct((3, *shape), jnp.float32)
    program = jax.jit(jax.vmap(FUNCTIONS[name]))
    lowered = export.export(program, platforms=["cuda", "tpu"])(batch)
    assert lowered.platforms == ("cuda", "tpu")
    assert lowered.in_avals[0].shape == batch.shape


def test_every_function_is_lowered() -> None:
    functions = {name for name in device.__all__ if callable(getattr(device, name))}
    assert functions - {"PersistencePairs"} <= {name.split(",")[0] for name in FUNCTIONS}
