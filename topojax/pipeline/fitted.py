"""The fitted method ŷ = g_ψ ∘ φ ∘ A_{w,τ} ∘ f_θ (paper, section 3) and what it says of images.

Nothing in this module has an argument through which a label could come: maps, masks, descriptors
and probabilities of any image depend on the image and the fitted method alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from topojax.cam import CamStack
from topojax.config import Config
from topojax.data import IntensityScale
from topojax.errors import DataError
from topojax.evaluation import log_probabilities, temper
from topojax.pipeline.features import BACKBONE, probabilities_by_method
from topojax.pipeline.filtration import filtered_images
from topojax.pipeline.network import TrainedNetwork
from topojax.pipeline.observation import Observation, concatenate, observe
from topojax.search import RoiRule
from topojax.topology import BettiDescriptors
from topojax.training import FittedClassifier

# Images whose maps are held at once: 3 layers of 64^3 voxels are 0.8 MB a sample.
_CHUNK = 128


@dataclass(frozen=True)
class Reading:
    """What the fitted method reads in n images, row by row in their order.

    Attributes:
        probabilities: float32 (n, classes), of the method: calibrated if the configuration says
            so.
        by_method: float32 (n, classes), uncalibrated, of every classifier by the features that it
            is trained on, and of `backbone`, the network itself.
        descriptors: Betti curves and sizes of the ROIs.
        whole: the same of the whole images.
        empty: bool (n,); ROIs that came out empty and were replaced by the map's maximum.
    """

    probabilities: np.ndarray
    by_method: dict[str, np.ndarray]
    descriptors: BettiDescriptors
    whole: BettiDescriptors
    empty: np.ndarray

    @property
    def backbone_probabilities(self) -> np.ndarray:
        """Of the network itself, float32 (n, classes)."""
        return self.by_method[BACKBONE]

    def rows(self, index: np.ndarray) -> Reading:
        """Return the reading of some of the images, by index or mask."""
        return Reading(
            self.probabilities[index],
            {name: found[index] for name, found in self.by_method.items()},
            self.descriptors.rows(index),
            self.whole.rows(index),
            self.empty[index],
        )


@dataclass(frozen=True)
class Explanation:
    """Maps of n images: scaled per layer (n, L, *spatial), fused, and the ROI (n, *spatial).

    The maps are float32 in [0, 1]; predicted: classes, int (n,).
    """

    layer_maps: np.ndarray
    fused: np.ndarray
    masks: np.ndarray
    predicted: np.ndarray


@dataclass(frozen=True)
class FittedTopoCAM:
    """Everything that a prediction needs.

    Attributes:
        config: settled.
        class_names: one a class.
        labels: the value that each class is reported as, in the order of the probabilities.
        spatial_shape: of the images, (H, W) or (D, H, W).
        network: what maps, logits and embeddings are taken of.
        rule: what makes ROIs of the maps.
        grid: shared thresholds, float64 (N,), or None: one grid a sample.
        classifiers: one for each of `topojax.pipeline.features.FEATURES`.
        temperature: what logits are divided by to be calibrated, learnt on the validation split;
            used where `config.classifier.calibrate` says so.
        scale: of the intensities that it was fitted on, which whoever reads images holds them to;
            None where a checkpoint says nothing of it.
    """

    config: Config
    class_names: tuple[str, ...]
    labels: tuple[int | float | str | bool, ...]
    spatial_shape: tuple[int, ...]
    network: TrainedNetwork
    rule: RoiRule
    grid: np.ndarray | None
    classifiers: dict[str, FittedClassifier]
    temperature: float
    scale: IntensityScale | None = None

    @property
    def spatial_dims(self) -> int:
        """2 for images, 3 for volumes."""
        return len(self.spatial_shape)

    @property
    def n_channels(self) -> int:
        """1 for grey images, 3 for RGB."""
        return self.network.backbone.in_channels

    def observe(self, images: np.ndarray, cams: CamStack, *, first: int = 0) -> Observation:
        """Return what images (n, *spatial[, 3]) show whose maps are known.

        Args:
            images, cams: of the same images.
            first: place of the first of them among all that are read together; nothing depends on
                it here.
        """
        return observe(self.config, self.rule, self.grid, self.grey(images), cams)

    def read(self, images: np.ndarray, *, progress: bool = False) -> Reading:
        """Return what the method reads in images (n, *spatial[, 3]), n >= 1.

        Raises:
            DataError: the images have another shape or number of channels than those fitted on.
        """
        self.check_shape(images)
        parts = [
            self.observe(chunk, self.cams(chunk, progress=progress), first=first)
            for first, chunk in _chunks(images)
        ]
        return self.judge(concatenate(parts))

    def judge(self, seen: Observation) -> Reading:
        """Return what the classifiers say of what was seen."""
        by_method = probabilities_by_method(self.classifiers, seen)
        settings = self.config.classifier
        probabilities = by_method[settings.features]
        if settings.calibrate:
            calibrated = temper(log_probabilities(probabilities), self.temperature)
            probabilities = calibrated.astype(np.float32)
        return Reading(probabilities, by_method, seen.descriptors, seen.whole, seen.empty)

    def explain(self, images: np.ndarray) -> Explanation:
        """Return the maps and ROIs of a few images (n, *spatial[, 3]), held in memory at once.

        Raises:
            DataError: the images have another shape or number of channels than those fitted on.
        """
        self.check_shape(images)
        cams, rescale = self.cams(images), self.config.cam.rescale_fused
        masks, _ = self.rule.regions(cams.maps, rescale=rescale)
        return Explanation(
            cams.maps.astype(np.float32) / 255,
            self.rule.fused(cams.maps, rescale=rescale),
            masks,
            self.judge(self.observe(images, cams)).probabilities.argmax(axis=1),
        )

    def cams(self, images: np.ndarray, *, progress: bool = False) -> CamStack:
        """Return the maps of the predicted classes of images (n, *spatial[, 3])."""
        return self.network.cams(images, self.config.cam, progress=progress)

    def grey(self, images: np.ndarray) -> np.ndarray:
        """Return what is filtered of images, float32 (n, *spatial)."""
        return filtered_images(images, self.spatial_dims, self.config.topology)

    def check_shape(self, images: np.ndarray) -> None:
        """Raise DataError unless images are of the shape that the method was fitted on."""
        rgb = (3,) if self.n_channels == 3 else ()
        expected = (*self.spatial_shape, *rgb)
        if images.shape[1:] != expected:
            raise DataError(
                f"images have shape {images.shape[1:]}, this model was fitted on {expected}; "
                "resize them or fit another model"
            )


def _chunks(images: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    for start in range(0, len(images), _CHUNK):
        yield start, images[start : start + _CHUNK]
