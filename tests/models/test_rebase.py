"""Batch norms that take over the statistics of images and compute the same."""

from __future__ import annotations

import jax
import numpy as np
import pytest
from flax import nnx

from topojax.models import create_model, has_folded_statistics, rebased


@pytest.fixture(scope="module")
def x() -> np.ndarray:
    return np.random.default_rng(3).standard_normal((6, 24, 20, 1)).astype(np.float32)


def forward(model, x, *, training: bool) -> np.ndarray:
    @jax.jit
    def run(state):
        copy = nnx.merge(graph, state, copy=True)
        copy.train() if training else copy.eval()
        return copy(x)

    graph, state = nnx.split(model)
    return np.asarray(run(state))


def test_both_modes_compute_what_evaluation_did(x):
    folded = create_model("resnet18", 5, 1, rngs=nnx.Rngs(0))
    before = forward(folded, x, training=False)
    assert not np.allclose(before, forward(folded, x, training=True), atol=0.1)
    model = rebased(folded, x)
    np.testing.assert_allclose(forward(model, x, training=False), before, atol=2e-3)
    np.testing.assert_allclose(forward(model, x, training=True), before, atol=2e-3)


def test_folded_statistics_are_known(x):
    folded = create_model("resnet18", 5, 1, rngs=nnx.Rngs(0))
    model = rebased(folded, x)
    assert has_folded_statistics(folded)
    assert not has_folded_statistics(model)
    assert nnx.graphdef(model) == nnx.graphdef(folded)
    assert float(folded.bn1.var[...].max()) == 1.0
