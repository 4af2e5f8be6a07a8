"""The networks: construction, shapes, batch norm, the training step."""

from __future__ import annotations

import warnings
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx

from topojax.errors import ConfigError, DataError
from topojax.models import (
    MLP,
    abstract_model,
    check_image_shape,
    create_model,
    list_models,
    map_shapes,
)
from topojax.models.blocks.layers import BatchNorm

INPUTS = {"resnet18": (20, 18), "r3d_18": (5, 9, 10), "mc3_18": (5, 9, 10)}


@pytest.mark.parametrize(
    ("name", "shapes"),
    [
        ("resnet18", {"stem": (5, 5), "layer2": (3, 3), "layer3": (2, 2), "layer4": (1, 1)}),
        ("r3d_18", {"stem": (5, 5, 5), "layer2": (3, 3, 3), "layer4": (1, 1, 1)}),
        ("mc3_18", {"stem": (5, 5, 5), "layer2": (5, 3, 3), "layer4": (5, 1, 1)}),
    ],
)
def test_stages_shrink_as_torchvisions(name, shapes):
    found = map_shapes(name, INPUTS[name])
    assert "pooled" not in found
    assert {stage: found[stage] for stage in shapes} == shapes


@pytest.mark.parametrize(
    ("name", "num_classes", "count"),
    [
        ("resnet18", 1000, 11_689_512),
        ("resnet50", 1000, 25_557_032),
        ("r3d_18", 400, 33_371_472),
        ("mc3_18", 400, 11_695_440),
        ("r2plus1d_18", 400, 31_505_325),
    ],
)
def test_parameters_are_as_many_as_published(name, num_classes, count):
    params = nnx.state(abstract_model(name, num_classes), nnx.Param)
    assert sum(leaf.size for leaf in jax.tree.leaves(params)) == count


def test_initial_weights_are_torchvisions_laws():
    model = create_model("resnet18", num_classes=10, in_channels=3, rngs=nnx.Rngs(0))
    kernel = getattr(model.layer4, "1").conv1.kernel[...]
    assert float(kernel.std()) == pytest.approx((2 / (9 * 512)) ** 0.5, rel=0.01)
    assert abs(float(kernel.mean())) < 1e-4
    head = model.fc.kernel[...]
    assert float(jnp.abs(head).max()) == pytest.approx(512**-0.5, rel=0.01)
    assert float(head.std()) == pytest.approx(512**-0.5 / 3**0.5, rel=0.05)
    assert float(model.bn1.scale[...].min()) == 1.0


def test_a_seed_fixes_the_weights():
    first, again, other = (
        create_model("resnet18", 2, rngs=nnx.Rngs(seed)).conv1.kernel[...] for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, other)


def test_creation_under_eval_shape_gives_the_same_graph():
    real = create_model("r3d_18", 2, 1, rngs=nnx.Rngs(0))
    abstract = nnx.eval_shape(lambda: create_model("r3d_18", 2, 1, rngs=nnx.Rngs(5)))
    graphs = [nnx.split(model, nnx.Param, nnx.BatchStat)[0] for model in (real, abstract)]
    assert graphs[0] == graphs[1]
    assert hash(graphs[0]) == hash(graphs[1])


def test_batch_norm_has_torchs_closed_form(rng):
    norm = BatchNorm(4)
    y = jnp.asarray(2 + rng.standard_normal((5, 6, 7, 4)), jnp.float32)
    mean, var = y.mean((0, 1, 2)), y.var((0, 1, 2))
    norm.train()
    np.testing.assert_allclose(norm(y), (y - mean) / np.sqrt(var + 1e-5), atol=1e-4)
    np.testing.assert_allclose(norm.mean[...], 0.1 * mean, atol=1e-5)
    np.testing.assert_allclose(norm.var[...], 0.9 + 0.1 * var, rtol=1e-4)
    norm.eval()
    expected = (y - 0.1 * mean) / np.sqrt(0.9 + 0.1 * var + 1e-5)
    np.testing.assert_allclose(norm(y), expected, atol=1e-4)


def test_training_step_learns_moves_statistics_and_warns_of_nothing(rng):
    x = jnp.asarray(rng.standard_normal((4, 17, 17, 1)), jnp.float32)
    y = jnp.asarray([0, 1, 0, 1])
    model = create_model("resnet18", num_classes=2, in_channels=1, rngs=nnx.Rngs(0))
    graph, params, stats = nnx.split(model, nnx.Param, nnx.BatchStat)
    optimiser = optax.adam(1e-3)

    @partial(jax.jit, static_argnums=0)
    def step(graph, params, stats, state):
        def loss(params):
            model = nnx.merge(graph, params, stats, copy=True)
            model.train()
            losses = optax.softmax_cross_entropy_with_integer_labels(model(x), y)
            return losses.mean(), nnx.state(model, nnx.BatchStat)

        (value, stats_after), grads = jax.value_and_grad(loss, has_aux=True)(params)
        updates, state = optimiser.update(grads, state, params)
        return optax.apply_updates(params, updates), stats_after, state, value

    state, values, before = optimiser.init(params), [], stats
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(4):
            params, stats, state, value = step(graph, params, stats, state)
            values.append(float(value))
    assert values[-1] < 0.5 * values[0]
    assert step._cache_size() == 1
    moved = jax.tree.map(lambda a, b: bool(jnp.any(a != b)), before, stats)
    assert all(jax.tree.leaves(moved))


@pytest.mark.parametrize(("name", "least"), [("resnet18", (17, 17)), ("r3d_18", (5, 9, 9))])
def test_image_shape_is_checked_axis_by_axis(name, least):
    check_image_shape(name, least)
    check_image_shape(name, (28,) * len(least))
    for axis in range(len(least)):
        short = tuple(size - (axis == other) for other, size in enumerate(least))
        with pytest.raises(DataError, match=r"layer3.*needs 2"):
            check_image_shape(name, short)
    with pytest.raises(DataError, match="axes"):
        check_image_shape(name, (*least, 28))


def test_unknown_names_and_counts_are_refused():
    assert list_models(2) + list_models(3) == list_models()
    for call in (
        lambda: create_model("resnet19", 2, rngs=nnx.Rngs(0)),
        lambda: check_image_shape("resnet19", (28, 28)),
        lambda: map_shapes("resnet19", (28, 28)),
    ):
        with pytest.raises(ConfigError, match=r"resnet19.*resnet18, .*r3d_18"):
            call()
    with pytest.raises(ConfigError, match="num_classes=0"):
        create_model("resnet18", 0, rngs=nnx.Rngs(0))


def test_mlp_is_the_formula_and_starts_as_torchs(rng):
    mlp = MLP(5, (4, 3), 2, rngs=nnx.Rngs(0))
    x = rng.standard_normal((6, 5)).astype(np.float32)
    y = x
    for layer in mlp.layers:
        bound = layer.kernel[...].shape[0] ** -0.5
        assert float(jnp.abs(layer.kernel[...]).max()) <= bound
        assert float(jnp.abs(layer.bias[...]).max()) <= bound
        assert np.all(layer.bias[...] != 0)
        y = y @ np.asarray(layer.kernel[...]) + np.asarray(layer.bias[...])
        if layer is not mlp.layers[-1]:
            y = np.maximum(y, 0)
    np.testing.assert_allclose(mlp(x), y, atol=1e-5)
