"""Genomes decode onto the simplex and into the threshold's range."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from topojax.config import SearchConfig
from topojax.search import decode_genomes, genome_size

_GENES = hnp.arrays(
    np.float32,
    st.tuples(st.integers(1, 5), st.just(4)),
    elements=st.floats(-2, 3, width=32),
)


@given(_GENES)
def test_weights_are_on_the_simplex_and_tau_in_its_range(genes: np.ndarray) -> None:
    config = SearchConfig(tau_min=0.2, tau_max=0.7)
    for genome in decode_genomes(genes, 3, config):
        assert np.all(genome.weights >= 0)
        assert np.isclose(genome.weights.sum(), 1, atol=1e-6)
        assert 0.2 <= genome.tau <= 0.7 + 1e-9


@given(_GENES)
def test_a_fixed_threshold_is_no_gene(genes: np.ndarray) -> None:
    config = SearchConfig(tau=0.6)
    assert genome_size(4, config) == 4
    assert all(genome.tau == 0.6 for genome in decode_genomes(genes, 4, config))


def test_corners_and_centre_of_the_simplex_are_reached() -> None:
    genes = np.array([[0, 1, 0, 0.5], [0, 0, 0, 0.0], [1, 1, 1, 1]])
    corner, zero, ones = decode_genomes(genes, 3, SearchConfig())
    np.testing.assert_array_equal(corner.weights, [0, 1, 0])
    np.testing.assert_allclose(zero.weights, 1 / 3, rtol=1e-6)
    np.testing.assert_allclose(ones.weights, 1 / 3, rtol=1e-6)
    assert genome_size(3, SearchConfig()) == 4


def test_decoding_one_candidate_equals_decoding_it_among_others(rng: np.random.Generator) -> None:
    genes = rng.random((6, 4))
    together = decode_genomes(genes, 3, SearchConfig())
    for row, genome in zip(genes, together, strict=True):
        (alone,) = decode_genomes(row[None], 3, SearchConfig())
        np.testing.assert_array_equal(alone.weights, genome.weights)
        assert alone.tau == genome.tau
