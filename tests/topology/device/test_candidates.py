"""Regions and curves of candidates on the device are the kernels', voxel by voxel."""

from __future__ import annotations

import os
from collections.abc import Iterator

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from topojax import kernels
from topojax.kernels.arguments import Construction
from topojax.topology.device.candidates import candidate_curves, levelled
from topojax.topology.device.regions import regions_of_interest

# As users compile: what is fused rounds otherwise, and the suite leaves optimisations out.
_IS_QUICK = "fusion_emitters" in os.environ.get("XLA_FLAGS", "")
_AS_USERS_DO = {"xla_cpu_use_fusion_emitters": True} if _IS_QUICK else None
_regions = jax.jit(regions_of_interest, static_argnames="rescale", compiler_options=_AS_USERS_DO)


@pytest.fixture(autouse=True, scope="module")
def optimised() -> Iterator[None]:
    """Compile with the optimisations that the suite leaves out."""
    before = jax.config.read("jax_disable_most_optimizations")
    jax.config.update("jax_disable_most_optimizations", False)
    yield
    jax.config.update("jax_disable_most_optimizations", before)


def _assert_the_kernels(
    maps: np.ndarray, weights: np.ndarray, taus: np.ndarray, rescale: bool
) -> None:
    masks, empty = _regions(maps, weights, taus, rescale=rescale)
    for k in range(len(maps)):
        want, was_empty = kernels.regions_of_interest(
            maps[k : k + 1], weights[k], float(taus[k]), rescale=rescale
        )
        np.testing.assert_array_equal(masks[k], want[0])
        assert bool(empty[k]) == bool(was_empty[0])


@settings(max_examples=200)
@given(
    hnp.arrays(np.uint8, (4, 3, 5, 4)),
    hnp.arrays(np.float32, (4, 3), elements=st.floats(0.0009765625, 1, width=32)),
    hnp.arrays(np.float32, 4, elements=st.floats(0.0009765625, 1, width=32)),
    st.booleans(),
    st.booleans(),
)
def test_regions_are_the_kernels(
    maps: np.ndarray, weights: np.ndarray, taus: np.ndarray, rescale: bool, wide: bool
) -> None:
    weights = weights / weights.sum(axis=1, keepdims=True)
    given_maps = maps.astype(np.float32) / np.float32(255) if wide else maps
    _assert_the_kernels(given_maps, weights, taus, rescale)


@pytest.mark.parametrize("rescale", [True, False])
def test_a_threshold_lets_in_what_equals_it(rescale: bool, rng: np.random.Generator) -> None:
    maps = rng.integers(0, 256, (40, 3, 6, 6)).astype(np.uint8)
    maps[3] = 7
    maps[4] = 0
    weights = rng.dirichlet(np.ones(3), len(maps)).astype(np.float32)
    fused = np.concatenate(
        [kernels.fuse_maps(maps[k : k + 1], weights[k], rescale=rescale) for k in range(len(maps))]
    )
    taus = np.maximum(fused[:, 2, 3], np.float32(1e-3))
    _assert_the_kernels(maps, weights, taus, rescale)


@pytest.mark.parametrize(
    ("shape", "construction", "rescale", "background", "sizes"),
    [
        ((7, 6), "T", True, "zero", (4, 1000)),
        ((5, 4, 6), "V", False, "exclude", (4,)),
        pytest.param((7, 6), "T", True, "exclude", (4,), marks=pytest.mark.slow),
        pytest.param((5, 4, 6), "V", False, "zero", (4, 1000), marks=pytest.mark.slow),
    ],
)
def test_curves_of_a_bank_are_the_kernels(
    background: str,
    shape: tuple[int, ...],
    construction: Construction,
    rescale: bool,
    sizes: tuple[int, ...],
    rng: np.random.Generator,
) -> None:
    n, n_candidates = 5, 3
    images = rng.integers(-3, 6, (n, *shape)).astype(np.float32)
    images[2, 1] = np.inf
    values = {"intensity": images, "noise": rng.random((n, *shape)).astype(np.float32)}
    grids = {"intensity": np.array([-2.5, 0.0, 0.1, 4.0]), "noise": np.linspace(0.1, 0.9, 7)}
    maps = rng.integers(0, 256, (n, 2, *shape)).astype(np.uint8)
    maps[4] = 9
    weights = rng.dirichlet(np.ones(2), n_candidates).astype(np.float32)
    taus = np.array([0.3, 0.55, 0.999], np.float32)
    kept = levelled(values, grids, zero_outside=background == "zero")
    program = jax.jit(
        candidate_curves,
        static_argnames=("top", "rescale", "pairs_at_once"),
        compiler_options=_AS_USERS_DO,
    )
    found = {
        size: program(
            kept,
            maps,
            weights,
            taus,
            top=construction == "T",
            rescale=rescale,
            pairs_at_once=size,
        )
        for size in sizes
    }
    for place, (name, given_values) in enumerate(values.items()):
        want, voxels, empty = kernels.roi_betti_curves(
            given_values,
            maps,
            weights,
            taus,
            grids[name],
            construction=construction,
            background=background,
            rescale=rescale,
        )
        for one in found.values():
            curves = np.asarray(one.curves)[:, :, place, :, : len(grids[name])]
            np.testing.assert_array_equal(curves, want)
            np.testing.assert_array_equal(one.voxels, voxels)
            np.testing.assert_array_equal(one.empty, empty)


def test_values_that_the_device_would_round_are_refused() -> None:
    with pytest.raises(TypeError, match="values of 'fine' are float64"):
        levelled({"fine": np.zeros((1, 2, 2))}, {"fine": np.ones(1)}, zero_outside=False)
