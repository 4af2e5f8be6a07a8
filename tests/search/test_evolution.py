"""Differential evolution: deep enough, in bounds, not misled by NaN, resumed bit by bit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import differential_evolution

from topojax.errors import ConfigError, RunError, TrainingError
from topojax.search import Evolution, GenerationRecord, minimise

_TARGET = np.array([0.2, 0.9, 0.0], np.float32)
_SETTINGS = {"population_size": 8, "generations": 7, "seed": 3}


def _sphere(genes: np.ndarray) -> np.ndarray:
    return ((genes - _TARGET) ** 2).sum(axis=-1)


def _rosenbrock(genes: np.ndarray) -> np.ndarray:
    x = 4 * np.asarray(genes, np.float64) - 2
    return (100 * (x[..., 1:] - x[..., :-1] ** 2) ** 2 + (1 - x[..., :-1]) ** 2).sum(axis=-1)


def _rastrigin_in_a_corner(genes: np.ndarray) -> np.ndarray:
    x = 10 * (np.asarray(genes, np.float64) - [1, 0, 0])
    return (x**2 - 10 * np.cos(2 * np.pi * x) + 10).sum(axis=-1)


class _KilledError(Exception):
    pass


def _assert_equal(one: Evolution, other: Evolution) -> None:
    for name in ("best_genes", "genes", "fitness"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    assert one.best_fitness == other.best_fitness
    assert one.history == other.history
    assert one.stopped == other.stopped


def test_finds_the_minimum_also_on_the_boundary() -> None:
    result = minimise(_sphere, 3, population_size=45, generations=60, seed=0)
    np.testing.assert_allclose(result.best_genes, _TARGET, atol=1e-4)
    assert result.best_genes[2] == 0
    assert len(result.history) == 61
    best = [record.best for record in result.history]
    assert best == sorted(best, reverse=True)
    assert result.best_fitness == pytest.approx(_sphere(result.best_genes[None])[0], abs=1e-6)


@pytest.mark.parametrize("function", [_sphere, _rosenbrock, _rastrigin_in_a_corner])
def test_ends_as_deep_as_scipys_after_as_many_evaluations(
    function: Callable[[np.ndarray], np.ndarray],
) -> None:
    seeds = range(5)
    ours = [
        minimise(function, 3, population_size=45, generations=30, seed=seed).best_fitness
        for seed in seeds
    ]
    theirs = [
        differential_evolution(
            function, [(0, 1)] * 3, popsize=15, maxiter=30, tol=0, polish=False, rng=seed
        )
        for seed in seeds
    ]
    assert {found.nfev for found in theirs} == {31 * 45}
    assert np.median(ours) <= max(1e-12, np.median([found.fun for found in theirs]))


def test_every_candidate_is_in_the_unit_cube() -> None:
    def check(genes: np.ndarray) -> np.ndarray:
        assert genes.dtype == np.float32
        assert genes.min() >= 0
        assert genes.max() <= 1
        return -genes.sum(axis=1)  # drives the population into a corner

    assert minimise(check, 3, population_size=8, generations=20, seed=1).best_fitness == -3


def test_the_first_population_is_a_latin_hypercube() -> None:
    first = minimise(_sphere, 3, population_size=45, generations=0, seed=0).genes[0]
    cells = np.sort(np.floor(first.astype(np.float64) * 45), axis=0)
    np.testing.assert_allclose(cells, np.arange(45)[:, None] * np.ones(3), atol=1)


def test_the_history_holds_every_candidate() -> None:
    result = minimise(_sphere, 3, population_size=8, generations=5, seed=0)
    assert result.genes.shape == (6, 8, 3)
    assert result.genes.dtype == result.fitness.dtype == np.float32
    np.testing.assert_array_equal(result.fitness, _sphere(result.genes))
    so_far = np.minimum.accumulate(result.fitness.min(axis=1))
    np.testing.assert_array_equal([record.best for record in result.history], so_far)
    # Each member is replaced by what was proposed in its place and is not worse.
    members = np.minimum.accumulate(result.fitness, axis=0)
    means = members.astype(np.float64).mean(axis=1)
    np.testing.assert_allclose([record.mean for record in result.history], means, rtol=1e-12)
    assert result.stopped == "generations"


def test_candidates_without_fitness_count_as_the_worst() -> None:
    def partly_nan(genes: np.ndarray) -> np.ndarray:
        return np.where(genes[:, 0] > 0.5, np.nan, _sphere(genes))

    result = minimise(partly_nan, 3, population_size=45, generations=40, seed=2, tolerance=1e-30)
    assert result.best_genes[0] <= 0.5
    np.testing.assert_allclose(result.best_genes, _TARGET, atol=1e-3)
    assert all(np.isfinite(record.mean) for record in result.history)
    np.testing.assert_array_equal(np.isinf(result.fitness), result.genes[:, :, 0] > 0.5)


def test_a_first_population_without_any_fitness_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="none of the 8 candidates"):
        minimise(lambda genes: np.full(len(genes), np.nan), 3, **_SETTINGS, folder=tmp_path)
    assert not list(tmp_path.iterdir())


def test_patience_counts_generations_without_a_better_candidate() -> None:
    def flat_below(genes: np.ndarray) -> np.ndarray:
        return np.maximum(_sphere(genes), 0.02)

    settings = {"population_size": 8, "generations": 60, "seed": 0}
    whole = minimise(flat_below, 3, **settings)
    last = min(r.generation for r in whole.history if r.best == whole.best_fitness)
    short = minimise(flat_below, 3, **settings, patience=30)
    assert short.stopped == "patience"
    assert short.history == whole.history[: last + 31]
    np.testing.assert_array_equal(short.best_genes, whole.best_genes)


def test_tolerance_is_scipys_rule() -> None:
    settings = {"population_size": 8, "generations": 200, "seed": 0}
    whole = minimise(lambda genes: 1 + _sphere(genes), 3, **settings)
    members = np.minimum.accumulate(whole.fitness, axis=0).astype(np.float64)
    narrow = members.std(axis=1) <= 1e-3 * np.abs(members.mean(axis=1))
    short = minimise(lambda genes: 1 + _sphere(genes), 3, **settings, tolerance=1e-3)
    assert short.stopped == "tolerance"
    assert len(short.history) == int(narrow.argmax()) + 1 < 200
    np.testing.assert_array_equal(short.genes, whole.genes[: len(short.history)])


@pytest.mark.parametrize("last", range(8))
def test_killed_after_any_generation_resumed_equals_uninterrupted(
    last: int, tmp_path: Path
) -> None:
    whole = minimise(_sphere, 3, **_SETTINGS)

    def kill(record: GenerationRecord) -> None:
        if record.generation == last:
            raise _KilledError

    with pytest.raises(_KilledError):
        minimise(_sphere, 3, **_SETTINGS, folder=tmp_path, on_generation=kill)
    announced = []
    resumed = minimise(_sphere, 3, **_SETTINGS, folder=tmp_path, on_generation=announced.append)
    _assert_equal(resumed, whole)
    assert announced == list(whole.history[last + 1 :])


@pytest.mark.parametrize("killed", range(8))
def test_killed_while_evaluating_resumed_equals_uninterrupted(killed: int, tmp_path: Path) -> None:
    whole = minimise(_sphere, 3, **_SETTINGS)
    calls = []

    def evaluate(genes: np.ndarray) -> np.ndarray:
        calls.append(len(genes))
        if len(calls) == killed + 1:
            raise _KilledError
        return _sphere(genes)

    with pytest.raises(_KilledError):
        minimise(evaluate, 3, **_SETTINGS, folder=tmp_path)
    _assert_equal(minimise(evaluate, 3, **_SETTINGS, folder=tmp_path), whole)
    assert len(calls) == 9


def test_goes_back_to_any_generation(tmp_path: Path) -> None:
    whole = minimise(_sphere, 3, **_SETTINGS, folder=tmp_path)
    files = sorted(tmp_path.iterdir())
    assert len(files) == 8
    contents = [file.read_bytes() for file in files]
    for kept in reversed(range(8)):
        for file in files[kept:]:
            file.unlink()
        _assert_equal(minimise(_sphere, 3, **_SETTINGS, folder=tmp_path), whole)
        assert [file.read_bytes() for file in files] == contents
        assert sorted(tmp_path.iterdir()) == files


def test_a_finished_search_is_not_evaluated_again_and_can_be_prolonged(tmp_path: Path) -> None:
    def refuse(genes: np.ndarray) -> np.ndarray:
        raise AssertionError

    shorter = _SETTINGS | {"generations": 4}
    short = minimise(_sphere, 3, **shorter, folder=tmp_path)
    _assert_equal(minimise(refuse, 3, **shorter, folder=tmp_path), short)
    longer = minimise(_sphere, 3, **_SETTINGS, folder=tmp_path)
    _assert_equal(longer, minimise(_sphere, 3, **_SETTINGS))
    _assert_equal(minimise(refuse, 3, **shorter, folder=tmp_path), short)


def test_resumed_stops_where_the_uninterrupted_search_does(tmp_path: Path) -> None:
    settings = {"population_size": 8, "generations": 200, "seed": 0, "tolerance": 1e-3}

    def shifted(genes: np.ndarray) -> np.ndarray:
        return 1 + _sphere(genes)

    whole = minimise(shifted, 3, **settings, folder=tmp_path)
    _assert_equal(minimise(shifted, 3, **settings, folder=tmp_path), whole)
    assert len(list(tmp_path.iterdir())) == len(whole.history)


@pytest.mark.parametrize(
    ("n_genes", "changed", "difference"),
    [
        (3, {"seed": 4}, "seed=3, now 4"),
        (3, {"population_size": 9}, "population_size=8, now 9"),
        (4, {}, "n_genes=3, now 4"),
    ],
)
def test_other_settings_are_not_resumed(
    n_genes: int, changed: dict, difference: str, tmp_path: Path
) -> None:
    minimise(_sphere, 3, **_SETTINGS, folder=tmp_path)
    with pytest.raises(RunError, match=difference):
        minimise(_sphere, n_genes, **(_SETTINGS | changed), folder=tmp_path)


@pytest.mark.parametrize("content", [b"", b"no archive", None])
def test_a_damaged_file_is_named(content: bytes | None, tmp_path: Path) -> None:
    minimise(_sphere, 3, **_SETTINGS, folder=tmp_path)
    file = tmp_path / "generation_00004.npz"
    file.write_bytes(file.read_bytes()[:300] if content is None else content)
    with pytest.raises(RunError, match=r"generation_00004\.npz is damaged"):
        minimise(_sphere, 3, **_SETTINGS, folder=tmp_path)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"population_size": 3}, "population_size=3 must be at least 4"),
        ({"generations": -1}, "generations=-1"),
        ({"patience": 0}, "patience=0"),
        ({"tolerance": 0.0}, r"tolerance=0\.0"),
        ({"tolerance": float("nan")}, "tolerance=nan"),
    ],
)
def test_arguments_out_of_range_are_named(changed: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        minimise(_sphere, 3, **(_SETTINGS | changed))


def test_fitness_of_another_shape_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"shape \(8, 1\)"):
        minimise(lambda genes: _sphere(genes)[:, None], 3, **_SETTINGS)


def test_another_seed_takes_another_way() -> None:
    first = minimise(_sphere, 3, population_size=8, generations=2, seed=4)
    second = minimise(_sphere, 3, population_size=8, generations=2, seed=5)
    assert not np.array_equal(first.best_genes, second.best_genes)
