"""The trained network f_θ with the normalisation of its inputs: from images to maps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from topojax.cam import CamStack, compute_cams
from topojax.config import CamConfig
from topojax.data import Split
from topojax.pipeline.plan import FitPlan
from topojax.training import EpochRecord, FittedBackbone, NetworkInputs, Normalisation, fine_tune


@dataclass(frozen=True)
class TrainedNetwork:
    """What every image passes through, for training, validation and CAMs alike."""

    normalisation: Normalisation
    backbone: FittedBackbone
    spatial_dims: int

    def inputs(self, images: np.ndarray, index: np.ndarray | None = None) -> NetworkInputs:
        """Return the network's inputs, float32 (n, *spatial, C), of images (n, *spatial[, C]).

        Args:
            images: in memory or mapped; they are read when the inputs are.
            index: int (m,), of the images that are meant; None: all.
        """
        return NetworkInputs(self.normalisation, images, self.spatial_dims, index)

    def logits(self, images: np.ndarray, batch_size: int) -> np.ndarray:
        """Return the logits, float32 (n, n_classes), of images (n, *spatial[, C])."""
        return self.backbone.logits(self.inputs(images), batch_size)

    def cams(
        self,
        images: np.ndarray,
        config: CamConfig,
        *,
        index: np.ndarray | None = None,
        folder: Path | None = None,
        progress: bool = False,
    ) -> CamStack:
        """Return maps, logits and embeddings of images for their predicted class; see `inputs`.

        With `folder`, maps that exceed `config.memory_mb` are kept there, and a killed call goes on
        from there.
        """
        model, inputs = self.backbone.model(), self.inputs(images, index)
        return compute_cams(model, inputs, config, folder=folder, progress=progress)


def fit_network(
    plan: FitPlan,
    train: Split,
    val: Split,
    *,
    seed: int,
    index: np.ndarray | None = None,
    folder: Path | None = None,
    title: str = "",
    on_epoch: Callable[[EpochRecord], None] | None = None,
) -> TrainedNetwork:
    """Fine-tune a network on training images; the validation split chooses the epoch.

    Args:
        plan: what is trained, and how.
        train, val: images and labels.
        seed: of initial weights, shuffles and augmentations.
        index: int (m,), of the training images that it is trained on; None: all.
        folder: where the state is kept after every epoch to resume from, or None.
        title: of its progress bar.
        on_epoch: called after every epoch.

    Raises:
        TrainingError: the loss or the logits are no longer finite.
    """
    config, dims = plan.config.backbone, plan.spatial_dims
    normalisation = Normalisation.fit(train.images, dims, index)
    labels = train.labels if index is None else train.labels[index]
    backbone = fine_tune(
        config,
        config.name,
        (NetworkInputs(normalisation, train.images, dims, index), labels),
        (NetworkInputs(normalisation, val.images, dims), val.labels),
        plan.n_classes,
        seed=seed,
        folder=folder,
        progress=plan.progress,
        title=title,
        on_epoch=on_epoch,
    )
    return TrainedNetwork(normalisation, backbone, dims)
