"""Grad-CAM: torch's numbers, the gradient that defines it, and no trace left on the model."""

from __future__ import annotations

import warnings

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from topojax.cam import activation_maps, scale_maps, upsample_maps
from topojax.cam.activation import _activation_maps
from topojax.cam.methods.gradcam import gradcam_weights
from topojax.cam.methods.stages import layer_gradients
from topojax.errors import ConfigError, DataError

LAYERS = ("layer2", "layer3", "layer4")


@pytest.mark.parametrize(
    ("name", "num_classes"),
    [("resnet18", 1000), ("r3d_18", 400), ("mc3_18", 400), ("r2plus1d_18", 400)],
)
def test_logits_and_maps_are_torchs(golden_network, name, num_classes):
    model, x, torch = golden_network(name, num_classes)
    logits, maps = activation_maps(model, x, layers=LAYERS)
    assert np.abs(logits - torch["logits"]).max() < 1e-3 * torch["logits"].std()
    np.testing.assert_array_equal(np.argmax(logits, -1), torch["predicted"])
    for layer in LAYERS:
        expected = torch[f"{layer}.gradcam"]
        assert np.abs(maps[layer] - expected).max() < 1e-3 * expected.max()


def test_weights_and_enlarged_maps_are_torchs(golden_network):
    model, x, torch = golden_network("resnet18", 1000)
    pull = jax.jit(lambda state, x: layer_gradients(nnx.merge(graph, state), x, LAYERS, None))
    graph, state = nnx.split(model)
    _, activations, gradients = pull(state, x)
    for layer in LAYERS:
        alpha = gradcam_weights(gradients[layer])
        expected = torch[f"{layer}.alpha"]
        assert np.abs(alpha - expected).max() < 1e-3 * np.abs(expected).max()
        enlarged = scale_maps(upsample_maps(jnp.asarray(torch[f"{layer}.gradcam"]), x.shape[1:3]))
        np.testing.assert_allclose(enlarged, torch[f"{layer}.pytorch_grad_cam"], atol=1e-2)
        assert activations[layer].shape == gradients[layer].shape


@pytest.fixture(scope="module")
def x() -> jax.Array:
    return jax.random.normal(jax.random.key(1), (3, 18, 20, 1))


def test_gradients_are_those_of_the_rest_of_the_network(network, x):
    graph, state = nnx.split(network)

    @jax.jit
    def both(state, x):
        model = nnx.merge(graph, state, copy=True)
        model.eval()
        _, activations, gradients = layer_gradients(model, x, LAYERS, jnp.array([3, 0, 1]))
        rest = model.stage_names[model.stage_names.index("layer2") + 1 :]

        def score(a, row, target):
            return model.run(rest, a[None])[0, target]

        direct = [
            jax.grad(score)(activations["layer2"][row], row, target)
            for row, target in enumerate((3, 0, 1))
        ]
        return gradients["layer2"], jnp.stack(direct)

    ours, direct = both(state, x)
    np.testing.assert_allclose(ours, direct, atol=1e-5 * float(jnp.abs(direct).max()))


def test_default_target_is_the_predicted_class(network, x):
    logits, predicted = activation_maps(network, x)
    _, named = activation_maps(network, x, target=np.argmax(logits, -1))
    _, other = activation_maps(network, x, target=(np.argmax(logits, -1) + 1) % 4)
    for layer in LAYERS:
        np.testing.assert_array_equal(predicted[layer], named[layer])
    # A map of one cell may be 0 for both.
    assert np.any(predicted["layer2"] != other["layer2"])


def test_layers_come_in_the_order_asked_and_do_not_depend_on_it(network, x):
    _, maps = activation_maps(network, x)
    _, reordered = activation_maps(network, x, layers=("layer4", "layer2", "layer3"))
    assert list(reordered) == ["layer4", "layer2", "layer3"]
    for layer, raw in reordered.items():
        np.testing.assert_array_equal(raw, maps[layer])


def test_the_model_keeps_mode_and_statistics_and_nothing_retraces(network, x):
    graph, state = nnx.split(network)
    training = nnx.merge(graph, state, copy=True)
    training.train()
    _, evaluated = activation_maps(network, x)
    traced = _activation_maps._cache_size()
    before = nnx.split(training)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        _, maps = activation_maps(training, x)
    assert _activation_maps._cache_size() == traced
    after = nnx.split(training)
    assert before[0] == after[0]
    same = jax.tree.map(lambda a, b: bool(jnp.all(a == b)), before[1], after[1])
    assert all(jax.tree.leaves(same))
    np.testing.assert_array_equal(maps["layer4"], evaluated["layer4"])


def test_images_of_a_batch_do_not_mix(network, x):
    _, maps = activation_maps(network, x)
    _, moved = activation_maps(network, x.at[1].set(0.0))
    for layer in LAYERS:
        scale = float(maps[layer].max())
        np.testing.assert_allclose(maps[layer][::2], moved[layer][::2], atol=1e-5 * scale)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"layers": ("layer5",)}, ConfigError, r"layer5.*stem, layer1, layer2"),
        ({"layers": ("pooled",)}, ConfigError, "pooled"),
        ({"layers": ()}, ConfigError, "at least one"),
        ({"layers": ("layer2", "layer2")}, ConfigError, "twice"),
        ({"method": "magic"}, ConfigError, r"magic.*gradcam, gradcam\+\+, scorecam"),
        ({"target": 4}, DataError, r"0 … 3"),
        ({"target": [0, -1, 1]}, DataError, "out of range"),
        ({"target": [0, 1]}, DataError, "3 of them"),
        ({"target": 0.5}, DataError, "integer"),
    ],
)
def test_bad_arguments_are_refused(network, x, arguments, error, message):
    with pytest.raises(error, match=message):
        activation_maps(network, x, **arguments)


@pytest.mark.parametrize("shape", [(18, 20, 1), (2, 18, 20, 3), (2, 1, 18, 20), (0, 18, 20, 1)])
def test_bad_images_are_refused(network, shape):
    with pytest.raises(DataError, match="channels last"):
        activation_maps(network, jnp.zeros(shape))
