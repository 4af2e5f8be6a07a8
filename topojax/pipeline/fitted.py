"""The fitted method ŷ = g_ψ ∘ φ ∘ A_{w,τ} ∘ f_θ (paper, section 3) and what it says of images.

Nothing in this module has an argument through which a label could come: maps, masks, descriptors
and probabilities of any image depend on the image and the fitted method alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from topojax.cam import CamStack
from topojax.config import Config
from topojax.data import IntensityScale
from topojax.errors import DataError
from topojax.evaluation import log_probabilities, temper
from topojax.pipeline.features import BACKBONE, mean_probabilities
from topojax.pipeline.network import TrainedNetwork
from topojax.pipeline.observation import Observation, concatenate, observe
from topojax.row_files.row_budget import RowBudget
from topojax.search import RoiRule
from topojax.topology import (
    BankDescriptors,
    FilteredImages,
    filter_images,
    grey_images,
)
from topojax.topology.bank import image_runs
from topojax.topology.filtered_images import Grids
from topojax.training import FittedClassifier

# Numbers that are held at once, and images: 3 maps of 64^3 voxels are 0.8 million of an image.
_NUMBERS_AT_ONCE = 2**27
_CHUNK = 128


@dataclass(frozen=True)
class Reading:
    """What the fitted method reads in n images, row by row in their order.

    Attributes:
        probabilities: float32 (n, classes), of the method: calibrated if the configuration says
            so.
        by_method: float32 (n, classes), uncalibrated, of every classifier by the features that it
            is trained on, and of `backbone`, the network itself. Where several networks read,
            means over them.
        descriptors: Betti curves and sizes of the ROIs, of each network's.
        whole: the same of the whole images.
        empty: bool (n,); images of which an ROI came out empty and was replaced by the map's
            maximum.
    """

    probabilities: np.ndarray
    by_method: dict[str, np.ndarray]
    descriptors: tuple[BankDescriptors, ...]
    whole: BankDescriptors
    empty: np.ndarray

    @property
    def backbone_probabilities(self) -> np.ndarray:
        """Of the network itself, float32 (n, classes)."""
        return self.by_method[BACKBONE]

    def matrix(self) -> np.ndarray:
        """Return φ of the ROIs, float32 (n, n_features): the mean over the networks."""
        return _mean([own.matrix() for own in self.descriptors])

    def curves(self) -> dict[str, np.ndarray]:
        """Return the ROIs' Betti curves over V', the mean over the networks, by filtration.

        Each is float32 (n, d, N).
        """
        by_network = [own.normalised_curves() for own in self.descriptors]
        return {name: _mean([own[name] for own in by_network]) for name in by_network[0]}

    def voxels(self) -> np.ndarray:
        """Return V', int64 (n,), or float64: the mean over several networks."""
        return _mean([own.voxels for own in self.descriptors])

    def rows(self, index: np.ndarray) -> Reading:
        """Return the reading of some of the images, by index or mask."""
        return Reading(
            self.probabilities[index],
            {name: found[index] for name, found in self.by_method.items()},
            tuple(own.rows(index) for own in self.descriptors),
            self.whole.rows(index),
            self.empty[index],
        )


@dataclass(frozen=True)
class Explanation:
    """Maps of n images: scaled per layer (n, L, *spatial), fused, and the ROI (n, *spatial).

    The maps are float32 in [0, 1]; predicted: classes, int (n,). Where several networks read, maps
    are means over them, and a voxel is in the ROI shown if it is in half of theirs or more.
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
        networks: what maps, logits and embeddings of new images are taken of; several, each trained
            on some of the folds, read each for itself and are averaged as probabilities.
        rule: what makes ROIs of the maps.
        grids: by filtration, shared thresholds, float64 (N,), or None: one grid a sample.
        classifiers: by kind of features, one for each of `kinds_of_features`.
        temperature: what logits are divided by to be calibrated, learnt on the validation split;
            used where `config.classifier.calibrate` says so.
        scale: of the intensities that it was fitted on, which whoever reads images holds them to;
            None where a checkpoint says nothing of it.
    """

    config: Config
    class_names: tuple[str, ...]
    labels: tuple[int | float | str | bool, ...]
    spatial_shape: tuple[int, ...]
    networks: tuple[TrainedNetwork, ...]
    rule: RoiRule
    grids: Grids
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
        return self.networks[0].backbone.in_channels

    def observe(
        self, images: FilteredImages, cams: Sequence[CamStack], *, first: int = 0
    ) -> tuple[Observation, ...]:
        """Return what each network shows of images whose maps are known, run by run of images.

        Args:
            images: under the bank's filtrations, in memory or mapped; see `filtered`.
            cams: what each network has of them.
            first: place of the first of them among all that are read together.
        """
        parts = [
            self.observe_run(
                images.rows(rows), [one.rows(rows) for one in cams], first=first + rows.start
            )
            for rows in image_runs(images)
        ]
        return tuple(concatenate(of_one) for of_one in zip(*parts, strict=True))

    def observe_run(
        self, images: FilteredImages, cams: Sequence[CamStack], *, first: int
    ) -> tuple[Observation, ...]:
        """Return what each network shows of few images; see `observe`.

        Args:
            images, cams: as of `observe`.
            first: as of `observe`; nothing depends on it here.
        """
        return observe(self.config, self.rule, images, cams)

    def read(self, images: np.ndarray, *, progress: bool = False) -> Reading:
        """Return what the method reads in images (n, *spatial[, 3]), n >= 1.

        Raises:
            DataError: the images have another shape or number of channels than those fitted on.
        """
        self.check_shape(images)
        parts = []
        for rows in self.runs_of(images):
            some = images[rows]
            cams = self.cams(some, progress=progress)
            parts.append(self.observe(self.filtered(some), cams, first=rows.start))
        return self.judge([concatenate(of_one) for of_one in zip(*parts, strict=True)])

    def runs_of(self, images: np.ndarray) -> Iterator[slice]:
        """Yield the runs of images (n, *spatial[, 3]) that are read one after the other."""
        numbers = images[:1].size * self.values_of_a_voxel
        step = min(_CHUNK, max(1, _NUMBERS_AT_ONCE // numbers))
        for start in range(0, len(images), step):
            yield slice(start, min(start + step, len(images)))

    def judge(self, seen: Sequence[Observation]) -> Reading:
        """Return what the classifiers say of what each network sees in the same images."""
        by_method = mean_probabilities(self.classifiers, seen)
        settings = self.config.classifier
        probabilities = by_method[settings.features]
        if settings.calibrate:
            calibrated = temper(log_probabilities(probabilities), self.temperature)
            probabilities = calibrated.astype(np.float32)
        return Reading(
            probabilities,
            by_method,
            tuple(one.descriptors for one in seen),
            seen[0].whole,
            np.any([one.empty for one in seen], axis=0),
        )

    def explain(self, images: np.ndarray) -> Explanation:
        """Return the maps and ROIs of a few images (n, *spatial[, 3]), held in memory at once.

        Raises:
            DataError: the images have another shape or number of channels than those fitted on.
        """
        self.check_shape(images)
        cams, rescale = self.cams(images), self.config.cam.rescale_fused
        masks = [self.rule.regions(one.maps, rescale=rescale)[0] for one in cams]
        return Explanation(
            _mean([one.maps.astype(np.float32) / 255 for one in cams]),
            _mean([self.rule.fused(one.maps, rescale=rescale) for one in cams]),
            2 * np.sum(masks, axis=0) >= len(masks),
            self.judge(self.observe(self.filtered(images), cams)).probabilities.argmax(axis=1),
        )

    def cams(self, images: np.ndarray, *, progress: bool = False) -> tuple[CamStack, ...]:
        """Return each network's maps of the class that it predicts of images (n, *spatial[, 3])."""
        return tuple(
            network.cams(images, self.config.cam, progress=progress) for network in self.networks
        )

    def filtered(self, images: np.ndarray) -> FilteredImages:
        """Return images (n, *spatial[, 3]) under the bank's filtrations."""
        budget = RowBudget(self.config.cam.memory_mb)
        grey = grey_images(images, self.spatial_dims, budget=budget)
        return filter_images(grey, self.grids, self.config.topology, budget=budget)

    @property
    def values_of_a_voxel(self) -> int:
        """How many numbers are held of a voxel while an image is read."""
        return len(self.grids) + len(self.config.cam.layers) * len(self.networks)

    def check_shape(self, images: np.ndarray) -> None:
        """Raise DataError unless images are of the shape that the method was fitted on."""
        rgb = (3,) if self.n_channels == 3 else ()
        expected = (*self.spatial_shape, *rgb)
        if images.shape[1:] != expected:
            raise DataError(
                f"images have shape {images.shape[1:]}, this model was fitted on {expected}; "
                "resize them or fit another model"
            )


def _mean(by_network: Sequence[np.ndarray]) -> np.ndarray:
    return by_network[0] if len(by_network) == 1 else np.mean(by_network, axis=0)
