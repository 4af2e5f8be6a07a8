"""Differential evolution: it minimises, stays in bounds, survives NaN, resumes bit by bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from topojax.search import minimise

_TARGET = np.array([0.2, 0.9, 0.0], np.float32)


def _sphere(genes: np.ndarray) -> np.ndarray:
    return ((genes - _TARGET) ** 2).sum(axis=1)


def test_finds_the_minimum_also_on_the_boundary() -> None:
    result = minimise(_sphere, 3, population_size=20, generations=60, seed=0)
    np.testing.assert_allclose(result.best_genes, _TARGET, atol=1e-2)
    assert len(result.history) == 61
    best = [record.best for record in result.history]
    assert best == sorted(best, reverse=True)
    assert result.best_fitness == pytest.approx(_sphere(result.best_genes[None])[0], abs=1e-6)


def test_every_candidate_is_in_the_unit_cube() -> None:
    def check(genes: np.ndarray) -> np.ndarray:
        assert genes.min() >= 0
        assert genes.max() <= 1
        return -genes.sum(axis=1)  # drives the population into a corner

    assert minimise(check, 3, population_size=8, generations=20, seed=1).best_fitness <= -2.9


def test_candidates_without_fitness_count_as_the_worst() -> None:
    def partly_nan(genes: np.ndarray) -> np.ndarray:
        return np.where(genes[:, 0] > 0.5, np.nan, _sphere(genes))

    result = minimise(partly_nan, 3, population_size=40, generations=40, seed=2)
    assert result.best_genes[0] <= 0.5
    np.testing.assert_allclose(result.best_genes, _TARGET, atol=5e-2)
    assert all(np.isfinite(record.mean) for record in result.history)


def test_resumed_equals_uninterrupted(tmp_path: Path) -> None:
    whole = minimise(_sphere, 3, population_size=8, generations=9, seed=3)

    class KilledError(Exception):
        pass

    def kill_after_four(record: object) -> None:
        if record.generation == 4:
            raise KilledError

    with pytest.raises(KilledError):
        minimise(
            _sphere,
            3,
            population_size=8,
            generations=9,
            seed=3,
            folder=tmp_path,
            on_generation=kill_after_four,
        )
    evaluations = []

    def counted(genes: np.ndarray) -> np.ndarray:
        evaluations.append(len(genes))
        return _sphere(genes)

    resumed = minimise(counted, 3, population_size=8, generations=9, seed=3, folder=tmp_path)
    assert len(evaluations) == 5
    np.testing.assert_array_equal(resumed.best_genes, whole.best_genes)
    assert (resumed.best_fitness, resumed.history) == (whole.best_fitness, whole.history)


def test_another_seed_takes_another_way() -> None:
    first = minimise(_sphere, 3, population_size=8, generations=2, seed=4)
    second = minimise(_sphere, 3, population_size=8, generations=2, seed=5)
    assert not np.array_equal(first.best_genes, second.best_genes)
