"""The benchmark of the search: its functions' minima, and its variants are of what it measures."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import jax
import numpy as np
import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(params=["searches.standard_functions", "evolution"])
def module(request, monkeypatch) -> ModuleType:
    """Return a module; `benchmarks/` is no package."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module(request.param)


@pytest.mark.parametrize("module", ["searches.standard_functions"], indirect=True)
@pytest.mark.parametrize("n_genes", [3, 4])
def test_minima_are_zero_and_where_they_are_said_to_be(module, n_genes, rng):
    problems = module.standard_problems(n_genes)
    assert len({(problem.name, problem.optimum) for problem in problems}) == 15
    places = {
        "inside": (0.3, 0.62, 0.45, 0.71),
        "face": (0, 0.62, 1, 0.71),
        "corner": (1, 0, 0, 1),
    }
    for problem in problems:
        place = np.array(places[problem.optimum][:n_genes], np.float32)
        assert problem.function(place) == pytest.approx(0, abs=1e-12)
        assert np.all(problem.function(rng.random((50, n_genes))) > 1e-3)


@pytest.mark.parametrize("module", ["searches.standard_functions"], indirect=True)
def test_both_decodings_reach_every_rule(module):
    for decode in (module.divided_by_sum, module.exponential_spacings):
        for problem in module.simplex_problems(decode, "any"):
            target = {"corner": (1, 0, 0), "edge": (0.7, 0.3, 0), "inside": (0.5, 0.3, 0.2)}
            weights = np.array(target[problem.optimum], float)
            spacings = decode is module.exponential_spacings
            genes = np.exp(-weights) if spacings else weights
            assert problem.function(np.append(genes, 0.6)) == pytest.approx(0, abs=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("module", ["evolution"], indirect=True)
def test_the_chosen_variant_is_the_search(module, monkeypatch):
    monkeypatch.setattr(module, "GENERATIONS", 10)
    # Equal to the last bit as users have it: with the optimisations that the suite leaves out.
    plain = jax.config.read("jax_disable_most_optimizations")
    jax.config.update("jax_disable_most_optimizations", False)
    try:
        module.check_equal(module.standard_problems(3)[:1])
    finally:
        jax.config.update("jax_disable_most_optimizations", plain)
