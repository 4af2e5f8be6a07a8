"""Residual networks stage by stage against torchvision's source, written anew in numpy.

What differs between implementations: zeros on both sides, where strided windows begin, pooling at
odd sizes, epsilon inside the root, which convolution of a block is the strided one, layouts.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from oracles.torch_resnets import BLOCKS, stages_from

# Odd and even extents: after every halving one of either kind is left.
INPUTS = {
    "resnet18": (33, 36),
    "resnet50": (21, 34),
    "r3d_18": (5, 17, 18),
    "mc3_18": (3, 17, 18),
    "r2plus1d_18": (5, 17, 18),
}
STAGES = ("stem", "layer1", "layer2", "layer3", "layer4")


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.slow if name in ("mc3_18", "r2plus1d_18") else ())
        for name in BLOCKS
    ],
)
def test_every_stage_is_torchvisions(name, rule_made_weights, rule_made_network, rng):
    x = rng.standard_normal((2, 3, *INPUTS[name])).astype(np.float32)
    expected = stages_from(name, x, rule_made_weights(name, 5))
    graph, state = nnx.split(rule_made_network(name, 5))

    def outputs(state, x):
        model = nnx.merge(graph, state, copy=True)
        found = {}
        for stage in STAGES:
            found[stage] = x = model.run((stage,), x)
        return found | {"fc": model.run(("pooled", "fc"), x)}

    # Without optimising, which halves the time of a compilation that runs once.
    run = jax.jit(outputs, compiler_options={"xla_backend_optimization_level": 0})
    found = run(state, jnp.moveaxis(jnp.asarray(x), 1, -1))
    assert found.keys() == expected.keys() == {*STAGES, "fc"}
    for stage, values in expected.items():
        got = np.moveaxis(found[stage], -1, 1)
        assert got.shape == values.shape
        np.testing.assert_allclose(got, values, atol=1e-4 * np.abs(values).max(), err_msg=stage)
    assert (np.ptp(expected["fc"], axis=1) > 0.1).all()
