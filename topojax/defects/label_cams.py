"""CAMs of the *true* class: the leak, on purpose.

Scripts that take the target of a class activation map from the label let it reach the ROI of every
test image, whose size alone then tells the classes apart, also where labels are random. This
module exists to show that. Scores that come from these maps mean nothing.
"""

from __future__ import annotations

import numpy as np

from topojax.cam import CamStack
from topojax.cam.activation import checked_classes
from topojax.cam.batches import cams_of_classes
from topojax.config import CamConfig
from topojax.data import Split
from topojax.models import Backbone
from topojax.pipeline import TrainedNetwork
from topojax.row_files.row_blocks import Rows

_DEFAULT = CamConfig()


def compute_label_cams(
    model: Backbone,
    images: Rows,
    labels: np.ndarray,
    config: CamConfig = _DEFAULT,
    *,
    progress: bool = False,
) -> CamStack:
    """Return the maps of the classes that the labels name.

    Args:
        model: from `create_model`.
        images: float32 (n, *spatial, C), n >= 1, normalised as for training.
        labels: int (n,), the true classes.
        config, progress: as of `topojax.cam.compute_cams`.

    Raises:
        DataError: labels that are no classes of the model, or not one an image.
        ConfigError, WeightsError, RunError: as `topojax.cam.compute_cams`.
    """
    classes = checked_classes("labels", np.atleast_1d(labels), len(images), model.num_classes)
    return cams_of_classes(model, images, classes, config, folder=None, progress=progress)


def label_cams_of(
    network: TrainedNetwork,
    split: Split,
    config: CamConfig,
    *,
    index: np.ndarray | None = None,
    progress: bool,
) -> CamStack:
    """Return the maps of a split's true classes, or of the images of an index among them.

    Nothing is kept to resume from.
    """
    model, inputs = network.backbone.model(), network.inputs(split.images, index)
    labels = split.labels if index is None else split.labels[index]
    return compute_label_cams(model, inputs, labels, config, progress=progress)
