"""CAMs of a whole data set: batches of one shape, maps on the image's grid.

No argument here could carry a label: a map explains the predicted class, so that an ROI cannot
tell the true one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jaxtyping import Array, Float
from tqdm import tqdm

from topojax.cam.methods import (
    METHODS,
    check_images,
    check_layers,
    check_method,
    split_for_evaluation,
)
from topojax.cam.resample import scale_maps, upsample_maps
from topojax.data.batches import padded_batches
from topojax.errors import ConfigError, DataError, WeightsError
from topojax.models import Backbone


@dataclass(frozen=True)
class CamStack:
    """Maps of n images, in their order.

    Attributes:
        maps: float32 (n, L, *spatial), each in [0, 1].
        logits: float32 (n, classes), of the network.
        layers: names of the L layers.
    """

    maps: np.ndarray
    logits: np.ndarray
    layers: tuple[str, ...]


def compute_cams(
    model: Backbone,
    images: np.ndarray,
    *,
    layers: tuple[str, ...] | None = None,
    method: str = "gradcam",
    batch_size: int = 32,
    progress: bool = False,
) -> CamStack:
    """Return the maps of the predicted classes, enlarged to the images' grid and scaled.

    Every batch is padded to `batch_size`, so that one compilation serves and an image's map does
    not depend on how many others came with it.

    Args:
        model: from `create_model`; run in evaluation mode, its own mode left as it is.
        images: float32 (n, *spatial, C), n >= 1, normalised as for training.
        layers: stages to take maps of, of `model.stage_names`; None: `model.cam_layers`.
        method: one of `METHODS`.
        batch_size: images at once.
        progress: show a bar on a terminal.

    Raises:
        ConfigError: an unknown layer or method, a layer whose output is no map, or batch_size
            below 1.
        DataError: images of another rank or number of channels, or not finite.
        WeightsError: the network's output is not finite: its weights have diverged.
    """
    layers = model.cam_layers if layers is None else layers
    check_layers(model, layers)
    check_method(method)
    if batch_size < 1:
        raise ConfigError(f"batch_size={batch_size} must be 1 or more")
    check_images(model, images.shape)
    if not np.isfinite(images).all():
        raise DataError("images hold NaN or infinite values; replace or leave out those images")
    graph, state = split_for_evaluation(model)
    n, spatial = len(images), images.shape[1:-1]
    maps = np.empty((n, len(layers), *spatial), np.float32)
    logits = np.empty((n, model.num_classes), np.float32)
    bar = tqdm(desc="CAMs", total=-(-n // batch_size), disable=None if progress else True)
    for rows, batch in padded_batches(images, batch_size):
        n_real = rows.stop - rows.start
        batch_logits, batch_maps = _scaled_maps(graph, layers, method, state, jnp.asarray(batch))
        logits[rows] = np.asarray(batch_logits)[:n_real]
        maps[rows] = np.asarray(batch_maps)[:n_real]
        bar.update()
    bar.close()
    if not (np.isfinite(logits).all() and np.isfinite(maps).all()):
        raise WeightsError(
            "the network's logits or maps are not finite: its weights have diverged; "
            "train with a lower learning rate or load other weights"
        )
    return CamStack(maps, logits, layers)


@partial(jax.jit, static_argnames=("graph", "layers", "method"))
def _scaled_maps(
    graph: Any,
    layers: tuple[str, ...],
    method: str,
    state: nnx.State,
    x: Float[Array, "b *spatial c"],
) -> tuple[Float[Array, "b classes"], Float[Array, "b l *spatial"]]:
    logits, maps = METHODS[method](nnx.merge(graph, state), x, layers, None)
    enlarged = [scale_maps(upsample_maps(maps[layer], x.shape[1:-1])) for layer in layers]
    return logits, jnp.stack(enlarged, axis=1)
