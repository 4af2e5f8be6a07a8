"""The search on the device: the same rules, regions and curves, and nearly the same fitness."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from topojax.config import Config, SearchConfig
from topojax.errors import ConfigError, RunError
from topojax.evaluation import rank_aucs
from topojax.search import Evolution, RoiObjective, SearchInputs, decode_rules, minimise
from topojax.search.on_device import (
    TracedFitness,
    check_on_device,
    choice,
    choose_topology,
    device_fitness,
)
from topojax.search.on_device.classifiers import _rank_auc
from topojax.search.on_device.generations import scan_generations
from topojax.search.on_device.measured import (
    MeasuredRow,
    measurements_file,
    read_measurements,
    write_measurements,
)
from topojax.search.on_device.rules import decode_on_device
from topojax.search.variation import Variation

from .textured import GENES, make_data, make_settings

_TARGET = np.array([0.2, 0.9, 0.0], np.float32)


def _sphere(target: Any, genes: Any) -> Any:
    return ((genes - target) ** 2).sum(axis=-1)


def _nan_beyond_a_half(target: Any, genes: Any) -> Any:
    return jnp.where(genes[:, 0] > 0.5, jnp.nan, _sphere(target, genes))


@settings(max_examples=30)
@given(
    hnp.arrays(np.float32, (6, 4), elements=st.just(0.0) | st.floats(2.0**-100, 1, width=32)),
    st.sampled_from([None, 0.6, 0.123]),
)
def test_genes_are_decoded_bit_by_bit(genes: np.ndarray, tau: float | None) -> None:
    config = SearchConfig(tau=tau)
    n_layers = 3 if tau is None else 4
    weights, taus = decode_rules(genes, n_layers, config)
    found = jax.jit(lambda g: decode_on_device(g, n_layers, config))(genes)
    np.testing.assert_array_equal(found[0], weights)
    np.testing.assert_array_equal(found[1], taus.astype(np.float32))


@pytest.mark.parametrize(("name", "background"), [("cv-auc", "exclude"), ("val-auc", "zero")])
def test_the_fitness_is_the_objectives(
    rng: np.random.Generator, name: str, background: str
) -> None:
    data = make_data(rng)
    config = make_settings(name, **{"topology.background": background})
    fitness = device_fitness(SearchInputs.of(data, config, seed=3), config)
    found = jax.jit(fitness.function)(fitness.data, GENES)
    want = RoiObjective(data, config, seed=3)(GENES)
    # One pair that is ranked otherwise, of 6 x 6 in a fold and 12 x 12 of validation images.
    np.testing.assert_allclose(found, want, atol=1 / 36)
    assert np.ptp(want) > 0.1


def test_raw_descriptors_and_several_filtrations_are_judged_alike(
    rng: np.random.Generator,
) -> None:
    data = make_data(rng)
    splits = {}
    for split, seen in (("train", data.train), ("val", data.val)):
        images = seen.images
        values = images.values["intensity"]
        both = {"intensity": values, "-intensity": -values}
        grids = {"intensity": images.grids["intensity"], "-intensity": np.linspace(-1, 0, 6)}
        splits[split] = replace(seen, images=replace(images, values=both, grids=grids))
    data = replace(data, **splits)
    config = make_settings(
        "val-auc",
        **{"topology.filtrations": ["intensity", "-intensity"], "classifier.standardise": False},
    )
    fitness = device_fitness(SearchInputs.of(data, config, seed=3), config)
    found = jax.jit(fitness.function)(fitness.data, GENES)
    np.testing.assert_allclose(found, RoiObjective(data, config, seed=3)(GENES), atol=1 / 36)


@given(
    hnp.arrays(np.float32, 9, elements=st.sampled_from([0.0, 0.25, 0.5, 1.0, np.nan])),
    hnp.arrays(bool, 9),
    hnp.arrays(bool, 9),
)
def test_aucs_count_ties_as_one_half(
    scores: np.ndarray, positive: np.ndarray, counted: np.ndarray
) -> None:
    found = _rank_auc(jnp.asarray(positive), jnp.asarray(scores), jnp.asarray(counted))
    want = rank_aucs(positive, scores[None], counted[None])[0]
    np.testing.assert_allclose(found, want, rtol=1e-6)


def test_generations_in_one_program_find_the_minimum_and_count_nan_as_the_worst() -> None:
    fitness = TracedFitness(_nan_beyond_a_half, _TARGET)
    found = minimise(fitness, 3, population_size=45, generations=40, seed=2)
    np.testing.assert_allclose(found.best_genes, _TARGET, atol=1e-3)
    assert found.genes.shape == (41, 45, 3)
    assert not np.isnan(found.fitness).any()
    beyond = found.genes[..., 0] > 0.5
    assert beyond.any()
    assert np.isinf(found.fitness[beyond]).all()
    # What it did is what the search does that evaluates outside: up to rounding, at first.
    outside = minimise(
        lambda genes: np.asarray(_nan_beyond_a_half(_TARGET, genes)),
        3,
        population_size=45,
        generations=3,
        seed=2,
    )
    np.testing.assert_allclose(found.genes[:4], outside.genes, atol=1e-6)


def test_a_killed_search_goes_on_to_the_same_bits(tmp_path: Path) -> None:
    fitness = TracedFitness(_sphere, _TARGET, at_once=3)
    given_settings = {"population_size": 8, "generations": 7, "seed": 3}
    whole = minimise(fitness, 3, **given_settings)
    minimise(fitness, 3, **given_settings, folder=tmp_path)
    for generation in (4, 5, 6, 7):
        (tmp_path / f"generation_{generation:05d}.npz").unlink()
    resumed = minimise(fitness, 3, **given_settings, folder=tmp_path)
    np.testing.assert_array_equal(resumed.genes, whole.genes)
    np.testing.assert_array_equal(resumed.fitness, whole.fitness)
    assert resumed.history == whole.history


def test_jaxs_wide_types_change_nothing(rng: np.random.Generator) -> None:
    data, config = make_data(rng), make_settings("val-auc")
    settings_of_search = {"population_size": 8, "generations": 2, "seed": 3}

    def search() -> Evolution:
        fitness = device_fitness(SearchInputs.of(data, config, seed=3), config)
        return minimise(fitness, 3, **settings_of_search)

    with jax.enable_x64(True):
        found = search()
    assert found.genes.dtype == found.fitness.dtype == np.float32
    np.testing.assert_array_equal(found.genes, search().genes)


def test_a_search_is_lowered_for_other_devices(rng: np.random.Generator) -> None:
    config = make_settings("cv-auc")
    fitness = device_fitness(SearchInputs.of(make_data(rng), config, seed=3), config)
    variation = Variation.of(8, 3, 0, 0.7, (0.5, 0.6))

    def search(data: Any, genes: Any) -> Any:
        state = variation.begun(genes, jnp.full(len(genes), jnp.inf))
        return scan_generations(fitness.function, data, variation, jnp.arange(3), state)

    exported = jax.export.export(jax.jit(search), platforms=["cuda", "tpu"])(
        fitness.data, np.zeros((8, 3), np.float32)
    )
    assert [found.shape for found in exported.out_avals] == [(3, 8, 3), (3, 8)]
    assert "callback" not in exported.mlir_module()


def test_patience_ends_a_search_inside_a_block() -> None:
    flat = TracedFitness(lambda target, genes: jnp.ones(len(genes)), _TARGET)
    found = minimise(flat, 3, population_size=8, generations=30, seed=0, patience=2)
    assert found.stopped == "patience"
    assert len(found.history) == 3


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"search.objective": "train-loss"}, "choose cv-auc or val-auc"),
        ({"topology.grid": "sample"}, "topology.grid=sample"),
        ({"topology.empty_roi": "drop"}, "leaves images out"),
    ],
)
def test_what_cannot_be_compiled_is_refused(changes: dict[str, Any], message: str) -> None:
    config = make_settings(**({"objective": "cv-auc", "search.topology": "device"} | changes))
    with pytest.raises(ConfigError, match=message):
        choose_topology(config, (28, 28))
    with pytest.raises(ConfigError, match=message):
        check_on_device(config)


def _auto() -> Config:
    return make_settings("cv-auc", **{"search.topology": "auto"})


def test_on_a_processor_auto_is_the_kernels() -> None:
    assert jax.default_backend() == "cpu"
    assert choose_topology(_auto(), (28, 28)).topology == "kernels"


def test_elsewhere_auto_goes_by_measurements(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    device: Any = SimpleNamespace(platform="cuda", device_kind="NVIDIA Some (80GB)")
    monkeypatch.setenv("TOPOJAX_CACHE", str(tmp_path))
    monkeypatch.setattr(choice.jax, "devices", lambda: [device])
    unknown = choose_topology(_auto(), (28, 28, 28))
    assert unknown.topology == "kernels"
    assert "topojax bench device" in unknown.why
    path = measurements_file(device)
    rows = (
        MeasuredRow((28, 28, 28), 9.0, 4.0),
        MeasuredRow((64, 64, 64), 1.0, 4.0),
        MeasuredRow((64, 64), 8.0, 4.0),
    )
    write_measurements(path, rows, date="2026-11-30")
    assert read_measurements(path) == rows
    chosen = {shape: choose_topology(_auto(), shape) for shape in ((30,) * 3, (60,) * 3, (64,) * 2)}
    assert [one.topology for one in chosen.values()] == ["kernels", "device", "kernels"]
    assert "at 64 x 64 x 64 1 ns a voxel on NVIDIA Some (80GB)" in chosen[(60,) * 3].why
    uncompiled = make_settings("train-loss", **{"search.topology": "auto"})
    assert choose_topology(uncompiled, (60,) * 3).topology == "kernels"
    path.write_text("[]")
    with pytest.raises(RunError, match="run `topojax bench device` again"):
        choose_topology(_auto(), (28, 28))
