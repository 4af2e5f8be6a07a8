"""Genes decode onto the simplex and into the threshold's range; given rules; JSON."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from topojax.config import USUAL_TAU, SearchConfig
from topojax.errors import DataError
from topojax.search import RoiRule, decode_rule, decode_rules, given_rule, n_genes

_EPS = np.finfo(np.float32).eps


@st.composite
def _populations(draw: st.DrawFn, low: float = -2, high: float = 3) -> np.ndarray:
    """Genes of one to five layers and a threshold."""
    shape = draw(st.tuples(st.integers(1, 5), st.integers(2, 6)))
    return draw(hnp.arrays(np.float32, shape, elements=st.floats(low, high, width=32)))


@given(_populations(), st.floats(0.01, 0.5), st.floats(0.51, 1))
def test_weights_are_on_the_simplex_and_tau_in_its_range(
    genes: np.ndarray, low: float, high: float
) -> None:
    config = SearchConfig(tau_min=low, tau_max=high)
    n_layers = genes.shape[1] - 1
    weights, taus = decode_rules(genes, n_layers, config)
    assert weights.dtype == np.float32
    assert np.all(weights >= 0)
    np.testing.assert_allclose(weights.sum(axis=1, dtype=np.float64), 1, rtol=0, atol=_EPS)
    assert np.all((low <= taus) & (taus <= high))
    assert np.all(taus[genes[:, -1] <= 0] == low)
    assert np.all(taus[genes[:, -1] >= 1] == pytest.approx(high, rel=1e-15))


@given(_populations())
def test_a_fixed_threshold_is_no_gene(genes: np.ndarray) -> None:
    config = SearchConfig(tau=0.6)
    n_layers = genes.shape[1]
    assert n_genes(n_layers, config) == n_layers
    assert (decode_rules(genes, n_layers, config)[1] == 0.6).all()


@given(hnp.arrays(np.float64, st.integers(1, 6), elements=st.floats(0, 1)))
def test_every_point_of_the_simplex_is_reached(point: np.ndarray) -> None:
    total = point.sum()
    target = point / total if total > 1e-300 else np.full(len(point), 1 / len(point))
    weights, _ = decode_rules(target[None], len(point), SearchConfig(tau=0.5))
    np.testing.assert_allclose(weights[0], target, rtol=1e-6, atol=1e-45)


@pytest.mark.parametrize("n_layers", [1, 2, 3, 4])
def test_corners_and_centre_are_reached_exactly(n_layers: int) -> None:
    config = SearchConfig(tau=0.5)
    corners, _ = decode_rules(0.3 * np.eye(n_layers), n_layers, config)
    np.testing.assert_array_equal(corners, np.eye(n_layers))
    for level in (0.0, 1e-30, 0.7, 1.0):
        centre, _ = decode_rules(np.full((1, n_layers), level), n_layers, config)
        np.testing.assert_array_equal(centre[0], np.full(n_layers, np.float32(1 / n_layers)))


@given(_populations(2**-10, 1), st.floats(2**-10, 1))
def test_the_scale_of_the_layers_genes_does_not_matter(genes: np.ndarray, scale: float) -> None:
    n_layers = genes.shape[1]
    config = SearchConfig(tau=0.5)
    weights, _ = decode_rules(genes, n_layers, config)
    scaled, _ = decode_rules(genes.astype(np.float64) * scale, n_layers, config)
    np.testing.assert_allclose(scaled, weights, rtol=2 * _EPS)
    halved, _ = decode_rules(genes / 2, n_layers, config)
    np.testing.assert_array_equal(halved, weights)


@given(_populations(), st.randoms(use_true_random=False))
def test_layers_in_another_order_have_their_weights_in_that_order(
    genes: np.ndarray, random
) -> None:
    n_layers = genes.shape[1] - 1
    order = random.sample(range(n_layers), n_layers)
    weights, taus = decode_rules(genes, n_layers, SearchConfig())
    moved = np.concatenate([genes[:, order], genes[:, -1:]], axis=1)
    permuted, same_taus = decode_rules(moved, n_layers, SearchConfig())
    np.testing.assert_allclose(permuted, weights[:, order], rtol=2 * _EPS)
    np.testing.assert_array_equal(same_taus, taus)


@given(_populations())
def test_decoding_one_candidate_equals_decoding_it_among_others(genes: np.ndarray) -> None:
    n_layers = genes.shape[1] - 1
    weights, taus = decode_rules(genes, n_layers, SearchConfig())
    assert len(weights) == len(taus) == len(genes) > 0
    for i, row in enumerate(genes):
        alone = decode_rule(row, n_layers, SearchConfig())
        np.testing.assert_array_equal(alone.weights, weights[i])
        assert alone.tau == taus[i]


@given(_populations(), st.data())
def test_nan_is_refused_with_its_candidate(genes: np.ndarray, data: st.DataObject) -> None:
    row = data.draw(st.integers(0, len(genes) - 1))
    genes[row, data.draw(st.integers(0, genes.shape[1] - 1))] = np.nan
    with pytest.raises(DataError, match=rf"candidate {row} hold NaN"):
        decode_rules(genes, genes.shape[1] - 1, SearchConfig())


@pytest.mark.parametrize("shape", [(4,), (2, 3), (2, 5), (1, 2, 4)])
def test_genes_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(DataError, match=r"expected \(candidates, 4\)"):
        decode_rules(np.zeros(shape), 3, SearchConfig())


@pytest.mark.parametrize(
    ("settings", "weights"),
    [
        ({"method": "uniform", "tau": 0.5}, [1 / 3, 1 / 3, 1 / 3]),
        ({"method": "single", "tau": 0.5}, [0, 0, 1]),
        ({"method": "none", "tau": 0.5, "weights": (1, 3, 0)}, [0.25, 0.75, 0]),
        ({"tau": 0.5}, [1 / 3, 1 / 3, 1 / 3]),
    ],
)
def test_given_rules(settings: dict, weights: list[float]) -> None:
    rule = given_rule(3, SearchConfig(**settings))
    np.testing.assert_allclose(rule.weights, weights, atol=1e-7)
    assert rule.weights.dtype == np.float32
    assert rule.tau == 0.5
    assert given_rule(2, SearchConfig()).tau == USUAL_TAU


def test_a_rule_is_the_same_after_json() -> None:
    rule = decode_rule(np.array([0.3, 0.1, 0.7, 0.2]), 3, SearchConfig())
    again = RoiRule.from_json(json.loads(json.dumps(rule.to_json())))
    np.testing.assert_array_equal(again.weights, rule.weights)
    assert again.weights.dtype == rule.weights.dtype
    assert again.tau == rule.tau
    assert list(rule.by_layer(("a", "b", "c"))) == ["a", "b", "c"]


def test_a_rule_thresholds_what_it_fuses(rng: np.random.Generator) -> None:
    maps = rng.integers(0, 256, (4, 3, 6, 5)).astype(np.uint8)
    rule = decode_rule(np.array([0.3, 0.1, 0.7, 0.6]), 3, SearchConfig())
    regions, empty = rule.regions(maps)
    np.testing.assert_array_equal(regions, rule.fused(maps) >= np.float32(rule.tau))
    assert not empty.any()
