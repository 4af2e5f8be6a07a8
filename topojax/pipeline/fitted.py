"""The fitted method ŷ = g_ψ ∘ φ ∘ A_{w,τ} ∘ f_θ (paper, section 3) and what it says of images.

Nothing in this module has an argument through which a label could come: maps, masks, descriptors
and probabilities of any image depend on the image and the fitted method alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from topojax.cam import CamStack, compute_cams, fuse_maps
from topojax.config import Config
from topojax.errors import ConfigError, DataError
from topojax.evaluation import log_probabilities, temper
from topojax.pipeline.features import BACKBONE, probabilities_by_method
from topojax.pipeline.observation import Observation, concatenate, observe
from topojax.search import Genome
from topojax.topology import BettiDescriptors, filtration_image
from topojax.training import FittedBackbone, FittedClassifier, Normalisation

# Images whose maps are held at once: 3 layers of 64^3 voxels are 0.8 MB a sample.
_CHUNK = 128


@dataclass(frozen=True)
class FittedTopoCAM:
    """Everything that a prediction needs.

    Attributes:
        labels: the value that each class is reported as, in the order of the probabilities.
        genomes: ROI rules; one, except where `config.search.searches` asks for more.
        grid: shared thresholds, float64 (N,), or None: one grid a sample.
        classifiers: one for each of `topojax.pipeline.features.FEATURES`.
        temperature: what logits are divided by to be calibrated, learnt on the validation split;
            used where `config.classifier.calibrate` says so.
    """

    config: Config
    class_names: tuple[str, ...]
    labels: tuple[int | float | str | bool, ...]
    spatial_shape: tuple[int, ...]
    n_channels: int
    normalisation: Normalisation
    backbone: FittedBackbone
    genomes: tuple[Genome, ...]
    grid: np.ndarray | None
    classifiers: dict[str, FittedClassifier]
    temperature: float

    @property
    def spatial_dims(self) -> int:
        """2 for images, 3 for volumes."""
        return len(self.spatial_shape)

    @property
    def genome(self) -> Genome:
        """The ROI rule; the first one where there are several."""
        return self.genomes[0]


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

    The maps are float32 in [0, 1].
    """

    layer_maps: np.ndarray
    fused: np.ndarray
    masks: np.ndarray
    predicted: np.ndarray


def class_activation_maps(
    config: Config,
    backbone: FittedBackbone,
    normalisation: Normalisation,
    images: np.ndarray,
    spatial_dims: int,
    *,
    folder: Path | None = None,
    progress: bool = False,
) -> CamStack:
    """Return maps, logits and embeddings of images (n, *spatial[, 3]) for their predicted class.

    With `folder`, maps that exceed `config.cam.memory_mb` are kept there, and a killed call goes
    on from there.
    """
    return compute_cams(
        backbone.model(),
        normalisation(images, spatial_dims),
        layers=config.cam.layers,
        method=config.cam.method,
        batch_size=config.cam.batch_size,
        folder=folder,
        memory_mb=config.cam.memory_mb,
        progress=progress,
    )


def observe_maps(
    fitted: FittedTopoCAM, images: np.ndarray, cams: CamStack, *, first: int = 0
) -> Observation:
    """Return what images show whose maps are known; `first`: place of the first in its split."""
    grey = filtration_image(images, fitted.spatial_dims, fitted.config.topology.filtration)
    return observe(fitted.config, fitted.genomes, fitted.grid, grey, cams, first=first)


def read_observation(fitted: FittedTopoCAM, seen: Observation) -> Reading:
    """Return what the method's classifiers say of what was seen."""
    by_method = probabilities_by_method(fitted.classifiers, seen)
    settings = fitted.config.classifier
    probabilities = by_method[settings.features]
    if settings.calibrate:
        calibrated = temper(log_probabilities(probabilities), fitted.temperature)
        probabilities = calibrated.astype(np.float32)
    return Reading(probabilities, by_method, seen.descriptors, seen.whole, seen.empty)


def read_images(fitted: FittedTopoCAM, images: np.ndarray, *, progress: bool = False) -> Reading:
    """Return what the method reads in images (n, *spatial[, 3]), n >= 1.

    Raises:
        DataError: the images have another shape or number of channels than those fitted on.
        ConfigError: the method was fitted on maps of the true class, so that it cannot read images
            without their labels.
    """
    check_shape(fitted, images)
    if fitted.config.cam.target == "label":
        raise ConfigError(
            "cam.target='label' was fitted on maps of the true class and reads no image without "
            "its label: it exists to show the leak; fit with cam.target='predicted'"
        )
    parts = [
        observe_maps(fitted, chunk, _maps(fitted, chunk, progress=progress), first=first)
        for first, chunk in _chunks(images)
    ]
    return read_observation(fitted, concatenate(parts))


def explain_images(fitted: FittedTopoCAM, images: np.ndarray) -> Explanation:
    """Return the maps and ROIs of a few images (n, *spatial[, 3]), held in memory at once.

    Maps are of the predicted class, whatever the method was fitted on.

    Raises:
        DataError: the images have another shape or number of channels than those fitted on.
    """
    check_shape(fitted, images)
    cams = _maps(fitted, images, progress=False)
    rescale, genome = fitted.config.cam.rescale_fused, fitted.genome
    masks, _ = genome.regions(cams.maps, rescale=rescale)
    return Explanation(
        cams.maps.astype(np.float32) / 255,
        fuse_maps(cams.maps, genome.weights, rescale=rescale),
        masks,
        read_observation(fitted, observe_maps(fitted, images, cams)).probabilities.argmax(axis=1),
    )


def check_shape(fitted: FittedTopoCAM, images: np.ndarray) -> None:
    """Raise DataError unless images are of the shape that the method was fitted on."""
    rgb = (3,) if fitted.n_channels == 3 else ()
    expected = (*fitted.spatial_shape, *rgb)
    if images.shape[1:] != expected:
        raise DataError(
            f"images have shape {images.shape[1:]}, this model was fitted on {expected}; "
            "resize them or fit another model"
        )


def _maps(fitted: FittedTopoCAM, images: np.ndarray, *, progress: bool) -> CamStack:
    return class_activation_maps(
        fitted.config,
        fitted.backbone,
        fitted.normalisation,
        images,
        fitted.spatial_dims,
        progress=progress,
    )


def _chunks(images: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    for start in range(0, len(images), _CHUNK):
        yield start, images[start : start + _CHUNK]
