"""The genome: fusion weights on the simplex and, where it is searched, the threshold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from topojax.cam import regions_of_interest
from topojax.config import SearchConfig
from topojax.errors import DataError


@dataclass(frozen=True)
class Genome:
    """One candidate ROI rule, decoded.

    Attributes:
        weights: float32 (L,), non-negative, of sum 1.
        tau: threshold on the fused map, in (0, 1].
    """

    weights: np.ndarray
    tau: float

    def regions(self, maps: np.ndarray, *, rescale: bool = True) -> tuple[np.ndarray, np.ndarray]:
        """Return the ROIs, bool (n, *spatial), of scaled maps, and which would have been empty."""
        return regions_of_interest(maps, self.weights, self.tau, rescale=rescale)


def genome_size(n_layers: int, config: SearchConfig) -> int:
    """Return the number of genes: one a layer, and one for τ unless it is fixed."""
    return n_layers + (config.tau is None)


def decode_genomes(genes: np.ndarray, n_layers: int, config: SearchConfig) -> list[Genome]:
    """Decode genes, float (P, G), into candidates: `decode_population`, one object each."""
    weights, taus = decode_population(genes, n_layers, config)
    return [Genome(row, float(tau)) for row, tau in zip(weights, taus, strict=True)]


def decode_population(
    genes: np.ndarray, n_layers: int, config: SearchConfig
) -> tuple[np.ndarray, np.ndarray]:
    """Return fusion weights, float32 (P, L), and thresholds, float64 (P,), of genes (P, G).

    Genes are clipped to [0, 1]. Weights are the first L divided by their sum (uniform where the
    sum is 0), so that every point of the simplex is reached, its corners included. τ is linear in
    the last gene.

    The paper's authors divide by the sum too. It sends uniform genes to the middle of the simplex
    more often than to its corners: of three weights one is above 0.8 in 1/32 of the candidates, in
    3/25 of points drawn evenly from the simplex (-log of uniform genes, divided by their sum). With
    the latter the search ends no nearer to best rules in corners, and less near to those on edges
    and inside (benchmarks/evolution.py).

    Raises:
        DataError: genes of another shape, or NaN among them.
    """
    raw = np.asarray(genes, np.float64)
    expected = genome_size(n_layers, config)
    if raw.ndim != 2 or raw.shape[1] != expected:
        raise DataError(
            f"genes have shape {raw.shape}, expected (candidates, {expected}) for {n_layers} layers"
        )
    if np.isnan(raw).any():
        row = int(np.isnan(raw).any(axis=1).argmax())
        raise DataError(f"genes of candidate {row} hold NaN: {raw[row].tolist()}; give numbers")
    raw = raw.clip(0.0, 1.0)
    layers = raw[:, :n_layers]
    total = layers.sum(axis=1, keepdims=True)
    weights = np.where(total > 0, layers / np.where(total > 0, total, 1.0), 1.0 / n_layers)
    if config.tau is None:
        # The minimum: rounding must not lead out of the range.
        span = raw[:, n_layers] * (config.tau_max - config.tau_min)
        taus = np.minimum(config.tau_min + span, config.tau_max)
    else:
        taus = np.full(len(raw), config.tau)
    return weights.astype(np.float32), taus
