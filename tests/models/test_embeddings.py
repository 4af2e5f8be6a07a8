"""Every network ends in one linear map, of the embedding."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from topojax.models import Backbone, abstract_model, list_models
from topojax.models.blocks.layers import Linear


def _head(model: Backbone) -> Linear:
    head = model
    for part in model.head_name.split("."):
        head = getattr(head, part)
    return head


def _embed_and_classify(model: Backbone, x: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
    embeddings = model.embed(x)
    return embeddings, _head(model)(embeddings), model(x)


@pytest.mark.parametrize("name", list_models())
def test_the_last_stage_is_the_linear_map_of_the_embedding(name):
    model = abstract_model(name, 3, 1)
    model.eval()
    assert isinstance(_head(model), Linear)
    x = jax.ShapeDtypeStruct((2, *(32,) * model.spatial_dims, 1), jnp.float32)
    embeddings, logits, _ = nnx.eval_shape(_embed_and_classify, model, x)
    assert embeddings.shape == (2, model.num_features)
    assert logits.shape == (2, 3)


@pytest.mark.slow
def test_logits_are_linear_in_the_embedding(rule_made_network):
    # Of the network whose last linear map is one of three.
    model = rule_made_network("vgg16", 3, 1)
    x = jax.random.normal(jax.random.key(1), (2, 17, 17, 1))
    embeddings, classified, logits = nnx.jit(_embed_and_classify)(model, x)
    np.testing.assert_allclose(classified, logits, atol=1e-5)
    head = _head(model)
    expected = embeddings @ head.kernel[...] + head.bias[...]
    np.testing.assert_allclose(logits, expected, atol=1e-4 * float(np.abs(expected).max()))
