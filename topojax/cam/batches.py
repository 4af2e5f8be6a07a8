"""CAMs of a whole data set, batch by batch, of the classes that the caller says.

Not part of the public face: `topojax.cam.compute_cams` explains predicted classes and takes no
label, and `topojax.defects` is the one place that does.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jaxtyping import Array, Bool, Float, Int, UInt8
from tqdm import tqdm

from topojax.cam.activation import check_images, check_layers, in_evaluation_mode
from topojax.cam.methods import METHODS, Outputs
from topojax.cam.resample import quantise_maps, scale_maps, upsample_maps
from topojax.cam.storage import ArraySpec, CamArrays, open_storage
from topojax.config import CamConfig
from topojax.data.feeding.batches import padded_batches, prefetched
from topojax.errors import DataError, WeightsError
from topojax.models import Backbone
from topojax.row_files.row_blocks import Rows, row_blocks


@dataclass(frozen=True)
class CamStack:
    """What the network shows of n images, in their order.

    Attributes:
        maps: uint8 (n, L, *spatial), in units of 1/255: each map's least value is 0 and its
            greatest 255, or all of it is 0. A read-only `numpy.memmap` where it is kept in a file.
        logits: float32 (n, classes).
        embeddings: float32 (n, F); the pooled features that the logits are linear in.
        layers: names of the L layers.
    """

    maps: np.ndarray
    logits: np.ndarray
    embeddings: np.ndarray
    layers: tuple[str, ...]

    def rows(self, index: np.ndarray | slice) -> CamStack:
        """Return what is shown of some of the images, by index or, without a copy, slice."""
        return CamStack(self.maps[index], self.logits[index], self.embeddings[index], self.layers)


def cams_of_classes(
    model: Backbone,
    images: Rows,
    classes: np.ndarray | None,
    config: CamConfig,
    *,
    folder: Path | None,
    progress: bool,
) -> CamStack:
    """Return maps, logits and embeddings; see `topojax.cam.compute_cams`.

    Args:
        classes: int32 (n,) whose logits are explained, or None: the predicted ones.
    """
    layers = config.layers or model.cam_layers
    check_layers(model, layers)
    check_images(model, images.shape)
    if not all(np.isfinite(images[rows]).all() for rows in row_blocks(images.shape)):
        raise DataError("images hold NaN or infinite values; replace or leave out those images")
    graph, state = in_evaluation_mode(model)
    n, size, spatial = len(images), config.batch_size, images.shape[1:-1]
    expected = CamArrays(
        ArraySpec((n, len(layers), *spatial), np.dtype(np.uint8)),
        ArraySpec((n, model.num_classes), np.dtype(np.float32)),
        ArraySpec((n, model.num_features), np.dtype(np.float32)),
    )
    settings = {"layers": layers, "method": config.method, "batch_size": size}
    digest = partial(_digest, model, state, images, classes, settings)
    cams_of = partial(_host_cams, graph, layers, config.method, jax.device_put(state))
    with open_storage(expected, folder, config.memory_mb, digest) as storage:
        with tqdm(
            desc="CAMs",
            total=-(-n // size),
            initial=len(storage.done),
            disable=None if progress else True,
        ) as bar:
            for cams in prefetched(cams_of, _batches(images, classes, storage.n_rows_done, size)):
                storage.append(cams)
                bar.update()
        return CamStack(*storage.finish(), layers)


class _Batch(NamedTuple):
    """Images and classes, of which the first n_rows count; the others fill up."""

    n_rows: int
    x: np.ndarray
    classes: np.ndarray | None


def _batches(
    images: Rows, classes: np.ndarray | None, n_done: int, batch_size: int
) -> Iterator[_Batch]:
    for rows, x in padded_batches(images, batch_size, n_done):
        # The images' own padding, a copy of the last one.
        index = np.minimum(np.arange(rows.start, rows.start + batch_size), rows.stop - 1)
        of_rows = None if classes is None else classes[index]
        yield _Batch(rows.stop - rows.start, x, of_rows)


def _host_cams(
    graph: Any, layers: tuple[str, ...], method: str, state: nnx.State, batch: _Batch
) -> CamArrays:
    classes = None if batch.classes is None else jnp.asarray(batch.classes)
    found = _quantised_cams(graph, layers, method, state, jnp.asarray(batch.x), classes)
    outputs, maps, finite = jax.tree.map(lambda array: np.asarray(array)[: batch.n_rows], found)
    if not finite.all():
        raise WeightsError(
            "the network's output or maps are not finite: its weights have diverged; "
            "train with a lower learning rate or load other weights"
        )
    return CamArrays(maps, *outputs)


@partial(jax.jit, static_argnames=("graph", "layers", "method"))
def _quantised_cams(
    graph: Any,
    layers: tuple[str, ...],
    method: str,
    state: nnx.State,
    x: Float[Array, "b *spatial c"],
    classes: Int[Array, " b"] | None,
) -> tuple[Outputs, UInt8[Array, "b l *spatial"], Bool[Array, " b"]]:
    """Return outputs, maps, and whether all that there is of an image is finite."""
    outputs, raw = METHODS[method](nnx.merge(graph, state), x, layers, classes)
    outputs = Outputs(*(array.astype(jnp.float32) for array in outputs))
    scaled = [scale_maps(upsample_maps(raw[layer], x.shape[1:-1])) for layer in layers]
    finite = jnp.stack(
        [
            jnp.isfinite(array).all(axis=tuple(range(1, array.ndim)))
            for array in (*outputs, *raw.values())
        ]
    )
    return outputs, quantise_maps(jnp.stack(scaled, axis=1)), finite.all(axis=0)


def _digest(
    model: Backbone,
    state: nnx.State,
    images: Rows,
    classes: np.ndarray | None,
    settings: dict[str, Any],
) -> str:
    """Return the SHA-256 of all that maps depend on, to the last bit."""
    flat = nnx.to_flat_state(state)
    named = {
        **{
            ".".join(map(str, path)): leaf[...]
            for path, leaf in zip(flat.paths, flat.leaves, strict=True)
        },
        "classes": np.empty(0) if classes is None else classes,
    }
    kinds = {name: [str(array.dtype), *array.shape] for name, array in named.items()}
    described = {
        **settings,
        "network": [model.name, *model.stage_names],
        "arrays": kinds | {"images": ["float32", *images.shape]},
        "jax": [jax.__version__, jax.devices()[0].device_kind],
    }
    digest = hashlib.sha256(json.dumps(described).encode())
    for array in named.values():
        digest.update(np.ascontiguousarray(array))
    for rows in row_blocks(images.shape):
        digest.update(np.ascontiguousarray(images[rows], np.float32))
    return digest.hexdigest()
