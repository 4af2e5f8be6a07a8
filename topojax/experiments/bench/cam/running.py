"""One case: a network is trained, explains its images, and its maps are stored and compared."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
from flax import nnx

from topojax.cam import METHODS, compute_cams, scale_maps, upsample_maps
from topojax.config import BackboneConfig, CamConfig
from topojax.data.feeding.batches import padded_batches
from topojax.errors import BenchError
from topojax.experiments.bench.cam.cases import Case
from topojax.experiments.bench.cam.comparison import compare
from topojax.experiments.bench.cam.storages import FLOAT32, STORAGES
from topojax.topology import grey_images
from topojax.training import Normalisation, fine_tune

LAYERS = ("layer2", "layer3", "layer4")
SEED = 0
BATCH = 32


def float_maps(model: Any, x: np.ndarray) -> np.ndarray:
    """Return the maps of the predicted classes, float32 (n, L, *spatial) in [0, 1].

    Raises:
        BenchError: `compute_cams` does not give the same, rounded.
    """
    graph, state = nnx.split(model)

    @jax.jit
    def scaled(state: nnx.State, batch: jax.Array) -> jax.Array:
        _, raw = METHODS["gradcam"](nnx.merge(graph, state), batch, LAYERS, None)
        shape = batch.shape[1:-1]
        return jax.numpy.stack([scale_maps(upsample_maps(raw[name], shape)) for name in LAYERS], 1)

    parts = [
        np.asarray(scaled(state, jax.numpy.asarray(batch)))[: rows.stop - rows.start]
        for rows, batch in padded_batches(x, BATCH)
    ]
    maps = np.concatenate(parts)
    stored = compute_cams(model, x, CamConfig(layers=LAYERS, batch_size=BATCH)).maps
    apart = np.abs(stored - 255 * maps).max()
    if apart > 0.51:
        raise BenchError(f"maps of compute_cams differ from float32 by {apart} / 255; stopped")
    return maps


def run(case: Case) -> dict[str, Any]:
    """Train, explain, compare."""
    dims = len(case.shape)
    normalisation = Normalisation.fit(case.images, dims)
    x = normalisation(case.images, dims)
    fitted = fine_tune(
        BackboneConfig(epochs=case.epochs, batch_size=BATCH),
        case.network,
        (x, case.labels),
        (normalisation(case.val[0], dims), case.val[1]),
        int(case.labels.max()) + 1,
        seed=SEED,
    )
    maps = float_maps(fitted.model(), x)
    return {
        "network": case.network,
        "data": case.data,
        "shape": list(case.shape),
        "n": len(x),
        "epochs": case.epochs,
        "bytes": {s.name: s.bits * maps[0].size // 8 for s in (FLOAT32, *STORAGES)},
        **compare(maps, grey_images(case.images, dims), case.labels),
    }
