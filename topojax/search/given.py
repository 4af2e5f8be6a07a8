"""ROI rules that are given instead of searched, for ablations (paper, tables 4, 5, 11 and 12)."""

from __future__ import annotations

import numpy as np

from topojax.config import SearchConfig
from topojax.errors import ConfigError
from topojax.search.genome import Genome


def given_genome(n_layers: int, config: SearchConfig) -> Genome:
    """Return the rule that `config.method` names: `none`, `single` or `uniform`.

    Args:
        n_layers: L, the number of maps an image.
        config: its `tau` is not None.

    Raises:
        ConfigError: `config.weights` are not one a layer, or `config.method` is a search.
    """
    check_given(n_layers, config)
    if config.method == "evolution" or config.tau is None:
        raise ConfigError("search.method='evolution' gives no rule; choose none, single or uniform")
    if config.method == "single":
        weights = np.eye(n_layers)[-1]
    elif config.method == "uniform":
        weights = np.ones(n_layers)
    else:
        weights = np.array(config.weights)
    return Genome((weights / weights.sum()).astype(np.float32), config.tau)


def check_given(n_layers: int, config: SearchConfig) -> None:
    """Raise ConfigError where weights are given, but not one a layer."""
    if config.weights and len(config.weights) != n_layers:
        raise ConfigError(
            f"search.weights={list(config.weights)} are {len(config.weights)}, the maps of "
            f"{n_layers} layers are fused; give one weight a layer of cam.layers"
        )
