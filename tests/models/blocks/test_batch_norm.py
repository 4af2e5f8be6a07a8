"""The gradient of batch normalisation, in training and in evaluation mode."""

from __future__ import annotations

from collections.abc import Callable

import jax
import numpy as np
import pytest
from flax import nnx
from jax.test_util import check_grads

from topojax.models.blocks.layers import BatchNorm

_SHAPE = (5, 3, 4, 2)
_AXES = (0, 1, 2)
_MEAN, _VAR = np.array([0.3, -0.8]), np.array([0.5, 2.0])


def _layer(mode: str, dtype: type) -> Callable[[jax.Array, jax.Array, jax.Array], jax.Array]:
    """Return batch normalisation as a function of x, scale and bias."""
    graph = nnx.split(BatchNorm(2))[0]
    stats = nnx.State(
        {"mean": nnx.BatchStat(_MEAN.astype(dtype)), "var": nnx.BatchStat(_VAR.astype(dtype))}
    )

    def apply(x: jax.Array, scale: jax.Array, bias: jax.Array) -> jax.Array:
        params = nnx.State({"scale": nnx.Param(scale), "bias": nnx.Param(bias)})
        layer = nnx.merge(graph, params, stats, copy=True)
        layer.train() if mode == "train" else layer.eval()
        return layer(x)

    return apply


@pytest.fixture
def point(rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    return tuple(1 + rng.standard_normal(shape) for shape in (_SHAPE, 2, 2))


@pytest.mark.parametrize("mode", ["train", "eval"])
def test_gradient_has_the_closed_form(
    mode: str, point: tuple[np.ndarray, ...], rng: np.random.Generator
) -> None:
    x, scale, bias = (array.astype(np.float32) for array in point)
    dy = rng.standard_normal(_SHAPE).astype(np.float32)
    _, pull_back = jax.vjp(_layer(mode, np.float32), x, scale, bias)
    dx, dscale, dbias = pull_back(dy)
    mean, var = (x.mean(_AXES), x.var(_AXES)) if mode == "train" else (_MEAN, _VAR)
    std = np.sqrt(var + 1e-5)
    centred = (x - mean) / std
    np.testing.assert_allclose(dbias, dy.sum(_AXES), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(dscale, (dy * centred).sum(_AXES), rtol=1e-4, atol=1e-4)
    # In training mean and variance depend on x (Ioffe and Szegedy 2015, section 3).
    through = dy.mean(_AXES) + centred * (dy * centred).mean(_AXES) if mode == "train" else 0
    np.testing.assert_allclose(dx, scale / std * (dy - through), rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("mode", ["train", "eval"])
def test_gradient_agrees_with_differences_in_float64(
    mode: str, point: tuple[np.ndarray, ...]
) -> None:
    with jax.enable_x64(True):
        apply = _layer(mode, np.float64)
        assert apply(*point).dtype == np.float64
        check_grads(apply, point, order=1, modes=["rev"], rtol=1e-6, atol=1e-6)
