"""Fitting, stage by stage: backbone, CAMs, ROI rule, classifiers. The test split is no argument."""

from __future__ import annotations

import zlib
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from topojax.cam import CamStack, check_layers, check_maps
from topojax.config import Config
from topojax.data import Split
from topojax.errors import ConfigError, DataError
from topojax.evaluation import fit_temperature, log_probabilities
from topojax.models import abstract_model, check_image_shape, list_models
from topojax.pipeline.announce import Log, Pace, Stopwatch, no_log
from topojax.pipeline.features import fit_classifiers, probabilities_by_method
from topojax.pipeline.fitted import (
    FittedTopoCAM,
    Reading,
    class_activation_maps,
    observe_maps,
    read_observation,
)
from topojax.pipeline.label_target import label_activation_maps
from topojax.pipeline.rule import RoiRule, check_rule, find_rule, rule_plan
from topojax.search import SearchSplits
from topojax.topology import filtration_image, learn_grid
from topojax.training import (
    EpochRecord,
    FittedBackbone,
    Normalisation,
    check_augmentation,
    fine_tune,
    initial_backbone,
)

_USUAL = {2: "resnet18", 3: "r3d_18"}


@dataclass(frozen=True)
class Fit:
    """A fitted method with how it came about.

    Attributes:
        fitted: the method.
        train, val: what it reads in the two splits that it was fitted on.
        rule: the ROI rule and how it was found.
        seconds: wall-clock time by stage.
    """

    fitted: FittedTopoCAM
    train: Reading
    val: Reading
    rule: RoiRule
    seconds: dict[str, float]


@dataclass(frozen=True)
class Grounds:
    """What the ROI rule and the classifiers are fitted on: the network and its maps.

    Attributes:
        train, val: images and labels of the two splits.
        train_cams, val_cams: their maps, logits and embeddings.
    """

    normalisation: Normalisation
    backbone: FittedBackbone
    train: Split
    val: Split
    train_cams: CamStack
    val_cams: CamStack


@dataclass(frozen=True)
class FitJob:
    """What every stage is told: a settled configuration, the task, where to keep state and log.

    Attributes:
        class_names: one a class, in the labels' order.
        spatial_dims: 2 or 3.
        folder: where training, maps and search keep their state to resume from, or None.
        progress: show progress bars on a terminal.
        log: called with an event's name and its fields at every step.
    """

    config: Config
    class_names: tuple[str, ...]
    spatial_dims: int
    folder: Path | None = None
    progress: bool = False
    log: Log = no_log

    @property
    def n_classes(self) -> int:
        """The number of classes."""
        return len(self.class_names)

    def folder_of(self, stage: str) -> Path | None:
        """Return where a stage keeps its state, or None."""
        return self.folder / stage if self.folder else None

    def seed_of(self, stage: str) -> int:
        """Return the seed of a stage's random draws."""
        return stage_seed(self.config, stage)


def fit_topocam(
    config: Config,
    train: Split,
    val: Split,
    class_names: tuple[str, ...],
    spatial_dims: int,
    *,
    folder: Path | None = None,
    progress: bool = False,
    log: Log = no_log,
) -> Fit:
    """Fit the whole method on the training split.

    The validation split chooses the backbone's epoch, learns the temperature and, under some
    objectives, chooses the ROI rule.

    Args:
        config: see `topojax.config`.
        train: images and labels to fit on.
        val: images and labels to choose by.
        class_names, spatial_dims, folder, progress, log: see `FitJob`.

    Raises:
        ConfigError, DataError, WeightsError: see `settle` and `check_fit`; before any training.
    """
    config = settle(config, spatial_dims)
    check_fit(config, train, class_names, spatial_dims)
    job = FitJob(config, class_names, spatial_dims, folder, progress, log)
    watch = Stopwatch(log)
    with watch.stage("backbone", f"{config.backbone.epochs} epochs, {len(train.labels)} images"):
        normalisation, backbone = fit_backbone(job, train, val)
    n_images = len(train.labels) + len(val.labels)
    with watch.stage("cam", f"maps of {', '.join(config.cam.layers)}, {n_images} images"):
        grounds = Grounds(
            normalisation,
            backbone,
            train,
            val,
            activation_maps_of(job, normalisation, backbone, train, "train"),
            activation_maps_of(job, normalisation, backbone, val, "val"),
        )
    return fit_on_maps(job, grounds, watch)


def fit_on_maps(job: FitJob, grounds: Grounds, watch: Stopwatch | None = None) -> Fit:
    """Fit ROI rule, classifiers and temperature where the network and its maps are known.

    Raises:
        DataError: `topology.empty_roi=drop` leaves a class without a training image.
    """
    config, watch = job.config, watch or Stopwatch(job.log)
    grey, val_grey = (_grey(job, split) for split in (grounds.train, grounds.val))
    grid = learn_grid(grey, config.topology)
    splits = SearchSplits(
        grey,
        grounds.train_cams.maps,
        grounds.train.labels,
        val_grey,
        grounds.val_cams.maps,
        grounds.val.labels,
    )
    with watch.stage("search", rule_plan(config, splits)):
        rule = find_rule(
            config,
            splits,
            grid,
            seed=job.seed_of("search"),
            folder=job.folder_of("search"),
            progress=job.progress,
            log=job.log,
        )
    for genome in rule.genomes:
        job.log("roi_rule_fixed", weights=genome.weights.tolist(), tau=genome.tau)
    fitted = FittedTopoCAM(
        config=config,
        class_names=job.class_names,
        labels=tuple(range(job.n_classes)),
        spatial_shape=grey.shape[1:],
        n_channels=grounds.backbone.in_channels,
        normalisation=grounds.normalisation,
        backbone=grounds.backbone,
        genomes=rule.genomes,
        grid=grid,
        classifiers={},
        temperature=1.0,
    )
    with watch.stage("classifier", f"{config.classifier.epochs} epochs on each kind of features"):
        fitted, train, val = _fit_classifiers(job, grounds, fitted)
    return Fit(fitted, train, val, rule, watch.seconds)


def check_fit(
    config: Config, train: Split, class_names: tuple[str, ...], spatial_dims: int
) -> None:
    """Raise what would otherwise stop a fit half-way; takes no time.

    Raises:
        ConfigError: see `settle`; a CAM layer that gives no map; flips along an axis that the
            images do not have.
        DataError: images too small for the network or constant; too few samples for the folds.
        WeightsError: `backbone.weights` cannot be read or does not fit.
    """
    config = settle(config, spatial_dims)
    name, shape = config.backbone.name, train.images.shape[1 : 1 + spatial_dims]
    check_image_shape(name, shape)
    check_maps(name, config.cam.layers, shape)
    check_augmentation(config.backbone, spatial_dims)
    learn_grid(train.images, config.topology)
    check_rule(config, train.labels)
    if config.backbone.weights is not None:
        n_channels = train.images.shape[-1] if train.images.ndim == spatial_dims + 2 else 1
        initial_backbone(config.backbone, name, len(class_names), n_channels, config.seed)


def settle(config: Config, spatial_dims: int) -> Config:
    """Return the configuration with the network named and its layers, where it left them open.

    Raises:
        ConfigError: a network that is unknown or for another dimension, or layers it has not.
    """
    name = config.backbone.name
    if name == "auto":
        name = _USUAL[spatial_dims]
    if name not in list_models(spatial_dims):
        raise ConfigError(
            f"backbone.name={name!r} does not take {spatial_dims}-D images; choose 'auto' or one "
            f"of {', '.join(list_models(spatial_dims))}"
        )
    model = abstract_model(name, 1, 1)
    layers = config.cam.layers or model.cam_layers
    check_layers(model, layers)
    return config.model_copy(
        update={
            "backbone": config.backbone.model_copy(update={"name": name}),
            "cam": config.cam.model_copy(update={"layers": layers}),
        }
    )


def stage_seed(config: Config, stage: str) -> int:
    """Return the seed of a stage's random draws, fixed by `config.seed` and the stage's name."""
    sequence = np.random.SeedSequence((config.seed, zlib.crc32(stage.encode())))
    return int(sequence.generate_state(1)[0] >> 1)


def fit_backbone(job: FitJob, train: Split, val: Split) -> tuple[Normalisation, FittedBackbone]:
    """Fine-tune the network; return it with the normalisation of its inputs."""
    config = job.config.backbone
    pace = Pace("backbone", "epoch", config.epochs)

    def on_epoch(record: EpochRecord) -> None:
        job.log("epoch", **asdict(record))
        pace(record.epoch)

    normalisation = Normalisation.fit(train.images, job.spatial_dims)
    backbone = fine_tune(
        config,
        config.name,
        (normalisation(train.images, job.spatial_dims), train.labels),
        (normalisation(val.images, job.spatial_dims), val.labels),
        job.n_classes,
        seed=job.seed_of("backbone"),
        folder=job.folder_of("backbone"),
        progress=job.progress,
        on_epoch=on_epoch,
    )
    return normalisation, backbone


def activation_maps_of(
    job: FitJob, normalisation: Normalisation, backbone: FittedBackbone, split: Split, name: str
) -> CamStack:
    """Return the maps of a split; of the predicted class, unless the configuration leaks."""
    config, dims = job.config, job.spatial_dims
    if config.cam.target == "label":
        return label_activation_maps(
            config, backbone, normalisation, split, dims, progress=job.progress
        )
    return class_activation_maps(
        config,
        backbone,
        normalisation,
        split.images,
        dims,
        folder=job.folder_of(f"cam_{name}"),
        progress=job.progress,
    )


def _grey(job: FitJob, split: Split) -> np.ndarray:
    return filtration_image(split.images, job.spatial_dims, job.config.topology.filtration)


def _fit_classifiers(
    job: FitJob, grounds: Grounds, fitted: FittedTopoCAM
) -> tuple[FittedTopoCAM, Reading, Reading]:
    """Return the method with its classifiers, and what it reads in both splits."""
    config = job.config
    seen = observe_maps(fitted, grounds.train.images, grounds.train_cams)
    kept = _training_rows(config, seen.empty, grounds.train.labels, job.class_names)
    classifiers = fit_classifiers(
        job.seed_of("classifier"),
        seen.rows(kept),
        grounds.train.labels[kept],
        job.n_classes,
        config.classifier,
    )
    job.log("classifier_fixed")
    val = observe_maps(fitted, grounds.val.images, grounds.val_cams)
    probabilities = probabilities_by_method(classifiers, val)[config.classifier.features]
    temperature = fit_temperature(grounds.val.labels, log_probabilities(probabilities))
    job.log("temperature_fixed", temperature=temperature)
    fitted = replace(fitted, classifiers=classifiers, temperature=temperature)
    return fitted, read_observation(fitted, seen), read_observation(fitted, val)


def scored_rows(config: Config, empty: np.ndarray) -> np.ndarray:
    """Return which images count, bool (n,): all, unless `topology.empty_roi=drop`.

    Args:
        config: its `topology.empty_roi`.
        empty: bool (n,); images whose ROI came out empty.
    """
    return ~empty if config.topology.empty_roi == "drop" else np.ones(len(empty), bool)


def _training_rows(
    config: Config, empty: np.ndarray, labels: np.ndarray, class_names: tuple[str, ...]
) -> np.ndarray:
    kept = scored_rows(config, empty)
    left = np.bincount(labels[kept], minlength=len(class_names))
    if not left.all():
        raise DataError(
            f"topology.empty_roi='drop' leaves no training image of class "
            f"{class_names[left.argmin()]!r}: all of its ROIs are empty; keep them with "
            "topology.empty_roi='keep' or lower search.tau"
        )
    return kept
