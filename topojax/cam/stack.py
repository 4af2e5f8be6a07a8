"""CAMs of a whole data set: batches of one shape, maps on the image's grid.

No argument here could carry a label: a map explains the predicted class, so that an ROI cannot
tell the true one.
"""

from __future__ import annotations

from pathlib import Path

from topojax.cam.batches import CamStack, cams_of_classes
from topojax.config import CamConfig
from topojax.models import Backbone
from topojax.row_files.row_blocks import Rows

_DEFAULT = CamConfig()


def compute_cams(
    model: Backbone,
    images: Rows,
    config: CamConfig = _DEFAULT,
    *,
    folder: Path | None = None,
    progress: bool = False,
) -> CamStack:
    """Return the maps of the predicted classes, enlarged to the images' grid, scaled and rounded.

    Every batch is padded to `config.batch_size`, so that one compilation serves and an image's map
    does not depend on how many others came with it. Maps, logits and embeddings come from one
    forward pass (and, but for Score-CAM, one backward pass through the layers' part of the
    network).

    With `folder`, maps that exceed `config.memory_mb` are kept there, as `maps.npy`, `logits.npy`
    and `embeddings.npy`, with a record of what they depend on. A call with the same network, images
    and settings goes on after the last batch that a killed one finished, to the same bits; any
    other starts anew.

    Args:
        model: from `create_model`; run in evaluation mode, its own mode left as it is.
        images: float32 (n, *spatial, C), n >= 1, normalised as for training: an array, or what
            gives a batch of it when it is asked for (`topojax.training.NetworkInputs`).
        config: method, layers (none: `model.cam_layers`), batches and memory; how a fused map is
            scaled and what `target` says do not matter here.
        folder: where to keep maps that exceed the memory; None: in a file of the folder for
            temporary files, which is gone with the stack.
        progress: show a bar on a terminal.

    Raises:
        ConfigError: an unknown layer, or one whose output is no map.
        DataError: images of another rank or number of channels, or not finite.
        WeightsError: the network's output is not finite: its weights have diverged.
        RunError: the files cannot be written.
    """
    return cams_of_classes(model, images, None, config, folder=folder, progress=progress)
