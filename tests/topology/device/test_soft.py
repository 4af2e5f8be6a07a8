"""Soft Betti curves: their limit, their gradients by differences, what they are a sum of."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from topojax import kernels
from topojax.kernels.arguments import Construction
from topojax.topology.device import betti_curves, soft_betti_curves, topology_loss
from topojax.topology.device.changes import betti_changes

from .images import images_of

GRID = np.array([0.21, 0.52, 0.77])


def _distinct(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Values in (0, 1) of which no two are nearer than half a step."""
    n = int(np.prod(shape))
    return ((rng.permutation(n) + rng.uniform(0.25, 0.75, n)) / n).reshape(shape)


@pytest.mark.parametrize(
    ("shape", "construction"),
    [
        ((7, 8), "V"),
        ((4, 5, 4), "T"),
        pytest.param((7, 8), "T", marks=pytest.mark.slow),
        pytest.param((4, 5, 4), "V", marks=pytest.mark.slow),
    ],
)
def test_steps_are_those_of_betti_numbers_where_nothing_is_soft(
    shape: tuple[int, ...], construction: Construction, rng: np.random.Generator
) -> None:
    images, masks = images_of(shape, rng)
    grid = [-0.05, 0.13, 0.27, 0.55, 0.93, 1.05]
    hard = jax.vmap(lambda x, m: betti_curves(x, grid, m, construction))(images, masks)
    soft = jax.vmap(lambda x, m: soft_betti_curves(x, grid, 1e-6, m, construction))(images, masks)
    # Of infinite and of random values none is a threshold.
    np.testing.assert_allclose(soft, hard, atol=1e-3)
    assert np.asarray(hard).any()


@pytest.mark.parametrize("construction", ["T", "V"])
@pytest.mark.parametrize("dim", [0, 1])
def test_it_is_the_sum_over_bars(
    dim: int, construction: Construction, rng: np.random.Generator
) -> None:
    x = _distinct((9, 8), rng).astype(np.float32)
    pairs, _, _ = kernels.persistence_pairs(x, dim, construction=construction)
    assert len(pairs) > 2

    def risen(values: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-(GRID - values[:, None]) / 0.1))

    want = (risen(pairs[:, 0]) - risen(pairs[:, 1])).sum(axis=0)
    found = soft_betti_curves(x, GRID, 0.1, construction=construction)[dim]
    np.testing.assert_allclose(found, want, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("shape", "construction"),
    [
        ((5, 6), "T"),
        ((3, 4, 3), "V"),
        pytest.param((5, 6), "V", marks=pytest.mark.slow),
        pytest.param((3, 4, 3), "T", marks=pytest.mark.slow),
    ],
)
def test_gradients_are_the_differences(
    shape: tuple[int, ...], construction: Construction, rng: np.random.Generator
) -> None:
    with jax.enable_x64(True):
        weights = rng.standard_normal((len(shape), len(GRID)))
        mask = jnp.asarray(rng.random(shape) < 0.9)

        @jax.jit
        def weighed(x: Any, grid: Any, temperature: Any) -> jax.Array:
            curves = soft_betti_curves(x, grid, temperature, mask, construction)
            assert curves.dtype == jnp.float64
            return (weights * curves).sum()

        x, step = _distinct(shape, rng), 1e-6
        of_x, of_grid, of_temperature = jax.grad(weighed, (0, 1, 2))(
            jnp.asarray(x), jnp.asarray(GRID), jnp.asarray(0.1)
        )
        moved = step * np.eye(x.size).reshape(x.size, *shape)
        many = jax.jit(jax.vmap(weighed, (0, None, None)))
        differences = (many(x + moved, GRID, 0.1) - many(x - moved, GRID, 0.1)) / (2 * step)
        np.testing.assert_allclose(of_x.ravel(), differences, atol=1e-7)
        assert np.abs(of_x).max() > 0.1
        np.testing.assert_array_equal(np.asarray(of_x)[~np.asarray(mask)], 0)
        for k in range(len(GRID)):
            ahead, behind = (GRID + sign * step * (np.arange(3) == k) for sign in (1, -1))
            slope = (weighed(x, ahead, 0.1) - weighed(x, behind, 0.1)) / (2 * step)
            np.testing.assert_allclose(of_grid[k], slope, atol=1e-7)
        slope = (weighed(x, GRID, 0.1 + step) - weighed(x, GRID, 0.1 - step)) / (2 * step)
        np.testing.assert_allclose(of_temperature, slope, atol=1e-7)


def test_changes_sum_to_betti_numbers(rng: np.random.Generator) -> None:
    x = _distinct((4, 5, 4), rng).astype(np.float32)
    changes = np.asarray(betti_changes(jnp.asarray(x), jnp.ones(x.shape, bool), top=True))
    values = np.sort(x.ravel())
    want = kernels.betti_curves(x, values.astype(np.float64))
    found = np.cumsum(changes.reshape(3, -1)[:, np.argsort(x.ravel())], axis=1)
    np.testing.assert_array_equal(found, want)


def test_descent_gives_the_numbers_that_are_wanted(rng: np.random.Generator) -> None:
    # Two blobs: one of them has to go, or both have to meet.
    x = np.ones((6, 9), np.float32)
    x[1:5, 1:4] = x[1:5, 5:8] = 0
    x += rng.uniform(0, 0.01, x.shape).astype(np.float32)
    grid = [0.4, 0.5, 0.6]
    assert betti_curves(x, grid)[0].tolist() == [2, 2, 2]
    slope = jax.jit(jax.grad(lambda x: topology_loss(x, [1, 0], grid, 0.2)))
    for _ in range(200):
        x = x - 0.2 * slope(x)
    assert betti_curves(x, grid).tolist() == [[1, 1, 1], [0, 0, 0]]


def test_nan_inside_jit_makes_loss_and_slope_nan() -> None:
    image = np.zeros((2, 3, 3), np.float32)
    image[1, 1, 1] = np.nan
    loss = jax.vmap(jax.value_and_grad(lambda x: topology_loss(x, [1, 0], [0.5], 0.1)))
    values, slopes = jax.jit(loss)(image)
    assert np.isnan(values).tolist() == [False, True]
    assert not np.isnan(slopes[0]).any()
    assert np.isnan(slopes[1]).any()
    # What is masked is not looked at.
    masked = jax.jit(lambda x, m: soft_betti_curves(x, [0.5], 0.01, m))
    ring = masked(image[1], ~np.isnan(image[1]))
    np.testing.assert_allclose(ring, [[1], [1]], atol=1e-6)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"temperature": 0}, "temperature=0; expected a number above 0"),
        ({"temperature": float("nan")}, "temperature=nan"),
        ({"target": [1, 0, 0]}, r"target has shape \(3,\); expected \(2,\)"),
    ],
)
def test_what_cannot_be_meant_is_refused(changes: dict[str, Any], message: str) -> None:
    given = {"target": [1, 0], "thresholds": [0.5], "temperature": 0.1} | changes
    with pytest.raises(ValueError, match=message):
        topology_loss(np.zeros((3, 3), np.float32), **given)
