"""CAMs of a whole data set, batch by batch, of the classes that the callers say.

Not part of the public face: `topojax.cam.compute_cams` explains predicted classes and takes no
label, and `topojax.cam.label_target` is the one place that does.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jaxtyping import Array, Bool, Float, Int, UInt8
from tqdm import tqdm

from topojax.cam.methods import (
    METHODS,
    check_images,
    check_layers,
    check_method,
    split_for_evaluation,
)
from topojax.cam.resample import quantise_maps, scale_maps, upsample_maps
from topojax.cam.stages import Outputs
from topojax.cam.storage import ArraySpec, CamArrays, open_storage
from topojax.data.batches import padded_batches, prefetched
from topojax.errors import ConfigError, DataError, WeightsError
from topojax.models import Backbone


def cam_arrays(
    model: Backbone,
    images: np.ndarray,
    classes: np.ndarray | None,
    *,
    layers: tuple[str, ...],
    method: str,
    batch_size: int,
    folder: Path | None,
    memory_mb: int,
    progress: bool,
) -> CamArrays:
    """Return maps uint8 (n, L, *spatial), logits and embeddings; see `compute_cams`.

    Args:
        classes: int32 (n,) whose logits are explained, or None: the predicted ones.
    """
    check_layers(model, layers)
    check_method(method)
    if batch_size < 1:
        raise ConfigError(f"batch_size={batch_size} must be 1 or more")
    if memory_mb < 0:
        raise ConfigError(f"memory_mb={memory_mb} must be 0 or more")
    check_images(model, images.shape)
    if not np.isfinite(images).all():
        raise DataError("images hold NaN or infinite values; replace or leave out those images")
    graph, state = split_for_evaluation(model)
    n, spatial = len(images), images.shape[1:-1]
    expected = CamArrays(
        ArraySpec((n, len(layers), *spatial), np.dtype(np.uint8)),
        ArraySpec((n, model.num_classes), np.dtype(np.float32)),
        ArraySpec((n, model.num_features), np.dtype(np.float32)),
    )
    settings = {"layers": layers, "method": method, "batch_size": batch_size}
    digest = partial(_digest, model, state, images, classes, settings)
    cams_of = partial(_host_cams, graph, layers, method, jax.device_put(state))
    with open_storage(expected, folder, memory_mb, digest) as storage:
        with tqdm(
            desc="CAMs",
            total=-(-n // batch_size),
            initial=len(storage.done),
            disable=None if progress else True,
        ) as bar:
            batches = _batches(images, classes, storage.n_rows_done, batch_size)
            for cams in prefetched(cams_of, batches):
                storage.append(cams)
                bar.update()
        return storage.finish()


class _Batch(NamedTuple):
    """Images and classes, of which the first n_rows count; the others fill up."""

    n_rows: int
    x: np.ndarray
    classes: np.ndarray | None


def _batches(
    images: np.ndarray, classes: np.ndarray | None, n_done: int, batch_size: int
) -> Iterator[_Batch]:
    for rows, x in padded_batches(images[n_done:], batch_size):
        # The images' own padding, a copy of the last one.
        index = np.minimum(np.arange(rows.start, rows.start + batch_size), rows.stop - 1)
        of_rows = None if classes is None else classes[n_done + index]
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
    images: np.ndarray,
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
        "images": images,
    }
    described = {
        **settings,
        "network": [model.name, *model.stage_names],
        "arrays": {name: [str(array.dtype), *array.shape] for name, array in named.items()},
        "jax": [jax.__version__, jax.devices()[0].device_kind],
    }
    digest = hashlib.sha256(json.dumps(described).encode())
    for array in named.values():
        digest.update(np.ascontiguousarray(array))
    return digest.hexdigest()
