"""Any stage that gives a map can be asked for; one that does not is refused by name."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from topojax.cam import METHODS, activation_maps, check_maps, compute_cams
from topojax.config import CamConfig
from topojax.errors import ConfigError
from topojax.models import abstract_model, list_models, map_shapes

USUAL = ("resnet18", "densenet121", "swin_v2_t", "r3d_18", "m3t")


@pytest.mark.parametrize(
    ("name", "method"),
    [
        *((name, "gradcam") for name in USUAL),
        ("resnet18", "gradcam++"),
        *(
            pytest.param(name, "gradcam", marks=pytest.mark.slow)
            for name in list_models()
            if name not in USUAL
        ),
    ],
)
def test_every_stage_with_a_map_gives_its_cam(name, method):
    model = abstract_model(name, 3, 1)
    model.eval()
    spatial = (28,) * model.spatial_dims
    shapes = map_shapes(name, spatial)
    assert set(model.cam_layers) <= set(shapes)
    layers = tuple(shapes)
    x = jax.ShapeDtypeStruct((2, *spatial, 1), jnp.float32)
    outputs, maps = nnx.eval_shape(lambda m, x: METHODS[method](m, x, layers, None), model, x)
    assert outputs.logits.shape == (2, 3)
    assert outputs.embeddings.shape == (2, model.num_features)
    assert {layer: maps[layer].shape for layer in layers} == {
        layer: (2, *shapes[layer]) for layer in layers
    }


def test_all_stages_of_a_network_at_once(network):
    x = jax.random.normal(jax.random.key(1), (2, 32, 36, 1))
    layers = ("layer1", "stem", "layer4", "layer2", "layer3")
    _, maps = activation_maps(network, x, layers=layers)
    assert tuple(maps) == layers
    shapes = map_shapes("resnet18", (32, 36))
    for layer, raw in maps.items():
        assert raw.shape == (2, *shapes[layer])
        assert np.isfinite(raw).all()
    _, alone = activation_maps(network, x, layers=("stem",))
    scale = float(np.abs(alone["stem"]).max())
    np.testing.assert_allclose(maps["stem"], alone["stem"], atol=1e-5 * scale)


@pytest.mark.parametrize("method", METHODS)
def test_a_stage_without_a_map_is_refused(tiny_network, method):
    x = np.zeros((2, 6, 6, 1), np.float32)
    message = r"'tokens' of tiny gives no map: its output has shape \(2, 9, 6\).*block1, block2"
    with pytest.raises(ConfigError, match=message):
        activation_maps(tiny_network(2), x, layers=("block1", "tokens"), method=method)
    with pytest.raises(ConfigError, match=message):
        compute_cams(tiny_network(2), x, CamConfig(layers=("tokens",), method=method, batch_size=2))


def test_maps_are_checked_before_there_is_a_network():
    check_maps("resnet18", ("stem", "layer4"), (28, 28))
    with pytest.raises(ConfigError, match=r"'pooled' of resnet18 gives no map.*stem, layer1"):
        check_maps("resnet18", ("layer4", "pooled"), (28, 28))
