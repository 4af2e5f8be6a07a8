"""The ROI rule A_{w,τ} (paper, section 3): fusion weights on the simplex and a threshold.

A rule is decoded from the genes of a search, or given for ablations (paper, tables 4, 5, 11, 12).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from topojax.cam import fuse_maps, regions_of_interest
from topojax.config import USUAL_TAU, SearchConfig
from topojax.errors import ConfigError, DataError


@dataclass(frozen=True)
class RoiRule:
    """What makes ROIs of maps.

    Attributes:
        weights: float32 (L,), one a layer, non-negative, of sum 1.
        tau: threshold on the fused map, in (0, 1].
    """

    weights: np.ndarray
    tau: float

    def fused(self, maps: np.ndarray, *, rescale: bool = True) -> np.ndarray:
        """Return the fused maps, float32 (n, *spatial), of scaled maps (n, L, *spatial)."""
        return fuse_maps(maps, self.weights, rescale=rescale)

    def regions(self, maps: np.ndarray, *, rescale: bool = True) -> tuple[np.ndarray, np.ndarray]:
        """Return the ROIs, bool (n, *spatial), of scaled maps, and which would have been empty."""
        return regions_of_interest(maps, self.weights, self.tau, rescale=rescale)

    def by_layer(self, layers: tuple[str, ...]) -> dict[str, float]:
        """Return the weight of each layer by its name."""
        return dict(zip(layers, self.weights.tolist(), strict=True))

    def to_json(self) -> dict[str, Any]:
        """Return the rule as a JSON object."""
        return {"weights": self.weights.tolist(), "tau": self.tau}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> RoiRule:
        """Return the rule that `to_json` described."""
        return cls(np.array(stored["weights"], np.float32), stored["tau"])


def n_genes(n_layers: int, config: SearchConfig) -> int:
    """Return the number of genes: one a layer, and one for τ unless it is fixed."""
    return n_layers + (config.tau is None)


def decode_rule(genes: np.ndarray, n_layers: int, config: SearchConfig) -> RoiRule:
    """Return the rule that one candidate's genes (G,) stand for; see `decode_rules`."""
    weights, taus = decode_rules(np.asarray(genes)[None], n_layers, config)
    return RoiRule(weights[0], float(taus[0]))


def decode_rules(
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
    expected = n_genes(n_layers, config)
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


def given_rule(n_layers: int, config: SearchConfig) -> RoiRule:
    """Return the rule that nothing is searched for: `config.method` names it.

    `none` has the weights of `config.weights`, `single` the last layer alone, `uniform` all layers
    alike. `evolution` gives the uniform rule too, where there is nothing to search for; its
    threshold is `USUAL_TAU` unless `config.tau` says otherwise.

    Args:
        n_layers: L, the number of maps an image.
        config: of `search`.

    Raises:
        ConfigError: `config.weights` are not one a layer.
    """
    check_given_weights(n_layers, config)
    if config.method == "single":
        weights = np.eye(n_layers)[-1]
    elif config.method == "none":
        weights = np.array(config.weights)
    else:
        weights = np.ones(n_layers)
    tau = USUAL_TAU if config.tau is None else config.tau
    return RoiRule((weights / weights.sum()).astype(np.float32), tau)


def check_given_weights(n_layers: int, config: SearchConfig) -> None:
    """Raise ConfigError where weights are given, but not one a layer."""
    if config.weights and len(config.weights) != n_layers:
        raise ConfigError(
            f"search.weights={list(config.weights)} are {len(config.weights)}, the maps of "
            f"{n_layers} layers are fused; give one weight a layer of cam.layers"
        )
