"""How maps become regions, for P candidates at once."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..arguments import check_rule, check_rules


class Rules(NamedTuple):
    """Rules of P candidates.

    weights: float32 (P, L).
    taus: float32 (P,).
    rescale: the fused map is scaled to [0, 1].
    wide: maps are the bytes of float32, else bytes.
    """

    weights: np.ndarray
    taus: np.ndarray
    rescale: bool
    wide: bool


def rule_of(maps: np.ndarray, weights: Any, tau: Any, rescale: bool) -> Rules:
    """Return the rule of one candidate for maps of `check_maps`.

    Raises:
        TypeError, ValueError: as `check_rule`.
    """
    rule = check_rule(weights, tau, maps.shape[1])
    return Rules(*rule, bool(rescale), maps.dtype == np.float32)


def rules_of(maps: np.ndarray, weights: Any, taus: Any, rescale: bool) -> Rules:
    """Return the rules of P candidates for maps of `check_maps`.

    Raises:
        TypeError, ValueError: as `check_rules`.
    """
    rules = check_rules(weights, taus, maps.shape[1])
    return Rules(*rules, bool(rescale), maps.dtype == np.float32)
