"""The fitted method ŷ = g_ψ ∘ φ ∘ A_{w,τ} ∘ f_θ (paper, section 3) and what it says of images.

Nothing in this module has an argument through which a label could come: maps, masks, descriptors
and probabilities of any image depend on the image and the fitted method alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np

from topojax.cam import CamStack, compute_cams, fuse_maps
from topojax.config import Config
from topojax.errors import DataError
from topojax.search import Genome
from topojax.topology import BettiDescriptors, describe, filtration_image
from topojax.training import (
    FittedBackbone,
    FittedClassifier,
    Normalisation,
    classifier_probabilities,
)

# Images whose maps are held at once: 3 layers of 28^3 voxels and their fusion are 0.4 MB a sample,
# of 64^3 voxels 4 MB.
_CHUNK = 128


@dataclass(frozen=True)
class FittedTopoCAM:
    """Everything that a prediction needs.

    Attributes:
        labels: the value that each class is reported as, in the order of the probabilities.
        grid: shared thresholds, float64 (N,), or None: one grid a sample.
    """

    config: Config
    class_names: tuple[str, ...]
    labels: tuple[int | float | str | bool, ...]
    spatial_shape: tuple[int, ...]
    n_channels: int
    normalisation: Normalisation
    backbone: FittedBackbone
    genome: Genome
    grid: np.ndarray | None
    classifier: FittedClassifier

    @property
    def spatial_dims(self) -> int:
        """2 for images, 3 for volumes."""
        return len(self.spatial_shape)


@dataclass(frozen=True)
class Reading:
    """What the fitted method reads in n images, row by row in their order.

    Attributes:
        probabilities: float32 (n, classes), of the classifier on the descriptors.
        backbone_probabilities: float32 (n, classes), of the network itself.
        descriptors: Betti curves and sizes of the ROIs.
        empty: bool (n,); ROIs that came out empty and were replaced by the map's maximum.
    """

    probabilities: np.ndarray
    backbone_probabilities: np.ndarray
    descriptors: BettiDescriptors
    empty: np.ndarray


@dataclass(frozen=True)
class Explanation:
    """Maps of n images: scaled per layer (n, L, *spatial), fused, and the ROI (n, *spatial)."""

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
    progress: bool = False,
) -> CamStack:
    """Return the scaled maps and logits of images (n, *spatial[, 3]) for their predicted class."""
    return compute_cams(
        backbone.model(),
        normalisation(images, spatial_dims),
        layers=config.cam.layers,
        method=config.cam.method,
        batch_size=config.cam.batch_size,
        progress=progress,
    )


def read_maps(fitted: FittedTopoCAM, images: np.ndarray, cams: CamStack) -> Reading:
    """Return what the method reads in images whose maps are known."""
    masks, empty = fitted.genome.regions(cams.maps)
    descriptors = describe(
        filtration_image(images, fitted.spatial_dims),
        masks,
        fitted.grid,
        fitted.config.topology,
    )
    return Reading(
        classifier_probabilities(fitted.classifier, descriptors.matrix()),
        softmax(cams.logits),
        descriptors,
        empty,
    )


def read_images(fitted: FittedTopoCAM, images: np.ndarray, *, progress: bool = False) -> Reading:
    """Return what the method reads in images (n, *spatial[, 3]), n >= 1.

    Raises:
        DataError: the images have another shape or number of channels than those fitted on.
    """
    check_shape(fitted, images)
    parts = [
        read_maps(fitted, chunk, _maps(fitted, chunk, progress=progress))
        for chunk in _chunks(images)
    ]
    return Reading(
        np.concatenate([part.probabilities for part in parts]),
        np.concatenate([part.backbone_probabilities for part in parts]),
        BettiDescriptors(
            np.concatenate([part.descriptors.curves for part in parts]),
            np.concatenate([part.descriptors.voxels for part in parts]),
        ),
        np.concatenate([part.empty for part in parts]),
    )


def explain_images(fitted: FittedTopoCAM, images: np.ndarray) -> Explanation:
    """Return the maps and ROIs of a few images (n, *spatial[, 3]), held in memory at once.

    Raises:
        DataError: the images have another shape or number of channels than those fitted on.
    """
    check_shape(fitted, images)
    cams = _maps(fitted, images, progress=False)
    masks, _ = fitted.genome.regions(cams.maps)
    fused = fuse_maps(jnp.asarray(cams.maps), jnp.asarray(fitted.genome.weights))
    return Explanation(
        cams.maps,
        np.asarray(fused),
        masks,
        read_maps(fitted, images, cams).probabilities.argmax(axis=1),
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


def softmax(logits: np.ndarray) -> np.ndarray:
    """Return probabilities, float32, of logits (n, classes)."""
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return (shifted / shifted.sum(axis=1, keepdims=True)).astype(np.float32)


def _maps(fitted: FittedTopoCAM, images: np.ndarray, *, progress: bool) -> CamStack:
    return class_activation_maps(
        fitted.config,
        fitted.backbone,
        fitted.normalisation,
        images,
        fitted.spatial_dims,
        progress=progress,
    )


def _chunks(images: np.ndarray) -> list[np.ndarray]:
    return [images[start : start + _CHUNK] for start in range(0, len(images), _CHUNK)]
