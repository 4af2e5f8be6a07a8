"""CAMs of the *true* class: the leak, on purpose.

Scripts that take the target of a class activation map from the label let it reach the ROI of every
test image, whose size alone then tells the classes apart, also where labels are random. This
module exists to show that. Scores that come from these maps mean nothing.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from topojax.cam.batched import cam_arrays
from topojax.cam.methods import checked_classes
from topojax.cam.stack import CamStack
from topojax.models import Backbone


def compute_label_cams(
    model: Backbone,
    images: np.ndarray,
    labels: np.ndarray,
    *,
    layers: tuple[str, ...] | None = None,
    method: str = "gradcam",
    batch_size: int = 32,
    folder: Path | None = None,
    memory_mb: int = 4096,
    progress: bool = False,
) -> CamStack:
    """Return the maps of the classes that the labels name.

    Args:
        model: from `create_model`.
        images: float32 (n, *spatial, C), n >= 1, normalised as for training.
        labels: int (n,), the true classes.
        layers, method, batch_size, folder, memory_mb, progress: as of `compute_cams`.

    Raises:
        DataError: labels that are no classes of the model, or not one an image.
        ConfigError, WeightsError, RunError: as `compute_cams`.
    """
    layers = model.cam_layers if layers is None else layers
    arrays = cam_arrays(
        model,
        images,
        checked_classes("labels", np.atleast_1d(labels), len(images), model.num_classes),
        layers=layers,
        method=method,
        batch_size=batch_size,
        folder=folder,
        memory_mb=memory_mb,
        progress=progress,
    )
    return CamStack(*arrays, layers)
