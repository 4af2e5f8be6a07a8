"""The trained network f_θ with the normalisation of its inputs: from images to maps."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from topojax.cam import CamStack, compute_cams
from topojax.config import CamConfig
from topojax.data import Split
from topojax.pipeline.announce import Pace
from topojax.pipeline.plan import FitPlan
from topojax.training import EpochRecord, FittedBackbone, Normalisation, fine_tune


@dataclass(frozen=True)
class TrainedNetwork:
    """What every image passes through, for training, validation and CAMs alike."""

    normalisation: Normalisation
    backbone: FittedBackbone
    spatial_dims: int

    def inputs(self, images: np.ndarray) -> np.ndarray:
        """Return the network's input, float32 (n, *spatial, C), of images (n, *spatial[, C])."""
        return self.normalisation(images, self.spatial_dims)

    def cams(
        self,
        images: np.ndarray,
        config: CamConfig,
        *,
        folder: Path | None = None,
        progress: bool = False,
    ) -> CamStack:
        """Return maps, logits and embeddings of images for their predicted class.

        With `folder`, maps that exceed `config.memory_mb` are kept there, and a killed call goes on
        from there.
        """
        model, inputs = self.backbone.model(), self.inputs(images)
        return compute_cams(model, inputs, config, folder=folder, progress=progress)


def fit_network(plan: FitPlan, train: Split, val: Split) -> TrainedNetwork:
    """Fine-tune the network on the training split; the validation split chooses the epoch.

    Raises:
        TrainingError: the loss or the logits are no longer finite.
    """
    config, dims = plan.config.backbone, plan.spatial_dims
    pace = Pace("backbone", "epoch", config.epochs)

    def on_epoch(record: EpochRecord) -> None:
        plan.log("epoch", **asdict(record))
        pace(record.epoch)

    normalisation = Normalisation.fit(train.images, dims)
    backbone = fine_tune(
        config,
        config.name,
        (normalisation(train.images, dims), train.labels),
        (normalisation(val.images, dims), val.labels),
        plan.n_classes,
        seed=plan.seeds.backbone,
        folder=plan.folder_of("backbone"),
        progress=plan.progress,
        on_epoch=on_epoch,
    )
    return TrainedNetwork(normalisation, backbone, dims)
