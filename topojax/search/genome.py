"""The genome: fusion weights on the simplex and, where it is searched, the threshold."""

from __future__ import annotations

from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from topojax.cam import regions_of_interest
from topojax.config import SearchConfig


@dataclass(frozen=True)
class Genome:
    """One candidate ROI rule, decoded.

    Attributes:
        weights: float32 (L,), non-negative, of sum 1.
        tau: threshold on the fused map, in (0, 1].
    """

    weights: np.ndarray
    tau: float

    def regions(
        self, maps: np.ndarray | Float[Array, "n l *spatial"]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the ROIs, bool (n, *spatial), of scaled maps, and which would have been empty."""
        masks, empty = regions_of_interest(jnp.asarray(maps), jnp.asarray(self.weights), self.tau)
        return np.asarray(masks), np.asarray(empty)


def genome_size(n_layers: int, config: SearchConfig) -> int:
    """Return the number of genes: one a layer, and one for τ unless it is fixed."""
    return n_layers + (config.tau is None)


def decode_genomes(genes: np.ndarray, n_layers: int, config: SearchConfig) -> list[Genome]:
    """Decode genes in [0, 1], float (P, G), into candidates.

    Weights are the first genes divided by their sum (uniform where the sum is 0), so that every
    point of the simplex, its corners included, is reached. τ is linear in the last gene.
    """
    raw = np.clip(np.asarray(genes, np.float64), 0.0, 1.0)
    layers = raw[:, :n_layers]
    total = layers.sum(axis=1, keepdims=True)
    weights = np.where(total > 0, layers / np.where(total > 0, total, 1.0), 1.0 / n_layers)
    if config.tau is None:
        taus = config.tau_min + raw[:, n_layers] * (config.tau_max - config.tau_min)
    else:
        taus = np.full(len(raw), config.tau)
    return [
        Genome(weight.astype(np.float32), float(tau))
        for weight, tau in zip(weights, taus, strict=True)
    ]
