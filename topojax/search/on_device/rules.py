"""Genes decoded inside `jit`: the rules that `decode_rules` gives, bit by bit."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from topojax.config import SearchConfig
from topojax.topology.device.rounding import unfused


def decode_on_device(
    genes: Float[Array, "P G"], n_layers: int, config: SearchConfig
) -> tuple[Float[Array, "P L"], Float[Array, " P"]]:
    """Return fusion weights, float32 (P, L), and thresholds, float32 (P,); see `decode_rules`.

    A weight below float32's normal numbers, 1.2e-38, may come out as 0.

    Args:
        genes: float32 in [0, 1].
        n_layers: L.
        config: fixes τ or its range.
    """
    with jax.enable_x64(True):
        wide = genes.astype(jnp.float64)
        total = wide[:, 0]
        for layer in range(1, n_layers):
            total = total + wide[:, layer]
        total = total[:, None]
        known = total > 0
        weights = jnp.where(known, wide[:, :n_layers] / jnp.where(known, total, 1.0), 1 / n_layers)
        if config.tau is None:
            span = wide[:, n_layers] * (config.tau_max - config.tau_min)
            span = unfused(span, genes[:, n_layers] < 0)
            taus = jnp.minimum(config.tau_min + span, config.tau_max)
        else:
            taus = jnp.full(len(genes), config.tau)
        return weights.astype(jnp.float32), taus.astype(jnp.float32)
