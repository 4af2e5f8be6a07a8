"""CAMs of a whole data set: batches of one shape, maps on the image's grid.

No argument here could carry a label: a map explains the predicted class, so that an ROI cannot
tell the true one.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from topojax.cam.batched import cam_arrays
from topojax.models import Backbone


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


def compute_cams(
    model: Backbone,
    images: np.ndarray,
    *,
    layers: tuple[str, ...] | None = None,
    method: str = "gradcam",
    batch_size: int = 32,
    folder: Path | None = None,
    memory_mb: int = 4096,
    progress: bool = False,
) -> CamStack:
    """Return the maps of the predicted classes, enlarged to the images' grid, scaled and rounded.

    Every batch is padded to `batch_size`, so that one compilation serves and an image's map does
    not depend on how many others came with it. Maps, logits and embeddings come from one forward
    pass (and, but for Score-CAM, one backward pass through the layers' part of the network).

    With `folder`, maps that exceed the budget are kept there, as `maps.npy`, `logits.npy` and
    `embeddings.npy`, with a record of what they depend on. A call with the same network, images
    and settings goes on after the last batch that a killed one finished, to the same bits; any
    other starts anew.

    Args:
        model: from `create_model`; run in evaluation mode, its own mode left as it is.
        images: float32 (n, *spatial, C), n >= 1, normalised as for training.
        layers: stages to take maps of, of `model.stage_names`; None: `model.cam_layers`.
        method: one of `METHODS`.
        batch_size: images at once.
        folder: where to keep maps that exceed `memory_mb`; None: in a file of the folder for
            temporary files, which is gone with the stack.
        memory_mb: megabytes that maps may take in memory.
        progress: show a bar on a terminal.

    Raises:
        ConfigError: an unknown layer or method, a layer whose output is no map, batch_size below
            1, or memory_mb below 0.
        DataError: images of another rank or number of channels, or not finite.
        WeightsError: the network's output is not finite: its weights have diverged.
        RunError: the files cannot be written.
    """
    layers = model.cam_layers if layers is None else layers
    arrays = cam_arrays(
        model,
        images,
        None,
        layers=layers,
        method=method,
        batch_size=batch_size,
        folder=folder,
        memory_mb=memory_mb,
        progress=progress,
    )
    return CamStack(*arrays, layers)
