"""Fitting, stage by stage: backbone, CAMs, search, classifier. The test split is no argument."""

from __future__ import annotations

import zlib
from dataclasses import asdict, dataclass
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from topojax.cam import CamStack, check_layers, check_maps
from topojax.config import Config
from topojax.data import Split
from topojax.errors import ConfigError
from topojax.models import abstract_model, check_image_shape, list_models
from topojax.pipeline.announce import Log, Pace, Stopwatch, no_log
from topojax.pipeline.fitted import FittedTopoCAM, Reading, class_activation_maps, read_maps
from topojax.search import (
    Evolution,
    GenerationRecord,
    Genome,
    RoiObjective,
    decode_genomes,
    genome_size,
    minimise,
    stratified_folds,
)
from topojax.topology import describe, filtration_image, fixed_grid
from topojax.training import (
    EpochRecord,
    FittedBackbone,
    FittedClassifier,
    Normalisation,
    check_augmentation,
    fine_tune,
    fit_classifier,
    initial_backbone,
)

_USUAL = {2: "resnet18", 3: "r3d_18"}


@dataclass(frozen=True)
class Fit:
    """A fitted method with how it came about.

    Attributes:
        fitted: the method.
        train: what it reads in the training split.
        evolution: the search.
        seconds: wall-clock time by stage.
    """

    fitted: FittedTopoCAM
    train: Reading
    evolution: Evolution
    seconds: dict[str, float]


@dataclass(frozen=True)
class _Job:
    """What every stage is told."""

    config: Config
    n_classes: int
    spatial_dims: int
    folder: Path | None
    progress: bool
    log: Log

    def folder_of(self, stage: str) -> Path | None:
        return self.folder / stage if self.folder else None

    def seed_of(self, stage: str) -> int:
        return stage_seed(self.config, stage)


@dataclass(frozen=True)
class _Seen:
    """A split that the search may see: grey images, labels, maps."""

    images: np.ndarray
    labels: np.ndarray
    cams: CamStack


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

    The validation split chooses the backbone's epoch and, under `val-auc`, the ROI rule.

    Args:
        config: see `topojax.config`.
        train: images and labels to fit on.
        val: images and labels to choose by.
        class_names: one a class, in the labels' order.
        spatial_dims: 2 or 3.
        folder: where training and search keep their state to resume from, or None.
        progress: show progress bars on a terminal.
        log: called with an event's name and its fields at every step.

    Raises:
        ConfigError, DataError, WeightsError: see `settle` and `check_fit`; before any training.
    """
    config = settle(config, spatial_dims)
    check_fit(config, train, class_names, spatial_dims)
    job = _Job(config, len(class_names), spatial_dims, folder, progress, log)
    watch = Stopwatch(log)
    normalisation = Normalisation.fit(train.images, spatial_dims)
    with watch.stage("backbone", f"{config.backbone.epochs} epochs, {len(train.labels)} images"):
        backbone = _fit_backbone(job, train, val, normalisation)
    with watch.stage("cam", f"maps of {', '.join(config.cam.layers)} for the predicted class"):
        # Under cv-auc the validation split has no say in the ROI rule.
        splits = [train, val] if config.search.objective == "val-auc" else [train]
        seen = [_see(job, split, backbone, normalisation) for split in splits]
    grid = None
    if config.topology.grid == "fixed":
        grid = fixed_grid(seen[0].images, config.topology.n_thresholds)
    with watch.stage("search", _search_plan(job, seen)):
        evolution = _search(job, seen, grid)
    genome = decode_genomes(evolution.best_genes[None], len(config.cam.layers), config.search)[0]
    log("roi_rule_fixed", weights=genome.weights.tolist(), tau=genome.tau)
    with watch.stage("classifier", f"{config.classifier.epochs} epochs on descriptors"):
        classifier = _fit_classifier(job, seen[0], genome, grid)
    log("classifier_fixed")
    fitted = FittedTopoCAM(
        config=config,
        class_names=class_names,
        labels=tuple(range(len(class_names))),
        spatial_shape=seen[0].images.shape[1:],
        n_channels=backbone.in_channels,
        normalisation=normalisation,
        backbone=backbone,
        genome=genome,
        grid=grid,
        classifier=classifier,
    )
    return Fit(fitted, read_maps(fitted, train.images, seen[0].cams), evolution, watch.seconds)


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
    fixed_grid(train.images, config.topology.n_thresholds)
    if config.search.objective == "cv-auc":
        stratified_folds(train.labels, config.search.folds, config.seed)
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


def _fit_backbone(
    job: _Job, train: Split, val: Split, normalisation: Normalisation
) -> FittedBackbone:
    pace = Pace("backbone", "epoch", job.config.backbone.epochs)

    def on_epoch(record: EpochRecord) -> None:
        job.log("epoch", **asdict(record))
        pace(record.epoch)

    return fine_tune(
        job.config.backbone,
        job.config.backbone.name,
        (normalisation(train.images, job.spatial_dims), train.labels),
        (normalisation(val.images, job.spatial_dims), val.labels),
        job.n_classes,
        seed=job.seed_of("backbone"),
        folder=job.folder_of("backbone"),
        progress=job.progress,
        on_epoch=on_epoch,
    )


def _see(job: _Job, split: Split, backbone: FittedBackbone, normalisation: Normalisation) -> _Seen:
    cams = class_activation_maps(
        job.config,
        backbone,
        normalisation,
        split.images,
        job.spatial_dims,
        progress=job.progress,
    )
    return _Seen(filtration_image(split.images, job.spatial_dims), split.labels, cams)


def _population_size(job: _Job) -> int:
    n_genes = genome_size(len(job.config.cam.layers), job.config.search)
    # Differential evolution combines four different members.
    return max(4, job.config.search.population_per_gene * n_genes)


def _search_plan(job: _Job, seen: list[_Seen]) -> str:
    n_images = sum(len(part.labels) for part in seen)
    return (
        f"1 + {job.config.search.generations} generations of {_population_size(job)} candidates, "
        f"each on {n_images} images"
    )


def _search(job: _Job, seen: list[_Seen], grid: np.ndarray | None) -> Evolution:
    config, seed = job.config, job.seed_of("search")
    labels = np.concatenate([part.labels for part in seen])
    n_train = len(seen[0].labels)
    if config.search.objective == "cv-auc":
        splits = stratified_folds(labels, config.search.folds, seed)
    else:
        splits = ((np.arange(n_train), np.arange(n_train, len(labels))),)
    objective = RoiObjective(
        images=_joined([part.images for part in seen]),
        maps=jnp.asarray(_joined([part.cams.maps for part in seen])),
        labels=labels,
        splits=splits,
        grid=grid,
        search=config.search,
        topology=config.topology,
        classifier=config.classifier,
        seed=seed,
    )
    pace = Pace("search", "generation", config.search.generations + 1)

    def on_generation(record: GenerationRecord) -> None:
        job.log("generation", **asdict(record))
        pace(record.generation)

    return minimise(
        objective,
        genome_size(len(config.cam.layers), config.search),
        population_size=_population_size(job),
        generations=config.search.generations,
        seed=seed,
        folder=job.folder_of("search"),
        progress=job.progress,
        on_generation=on_generation,
    )


def _joined(parts: list[np.ndarray]) -> np.ndarray:
    # Maps of volumes take gigabytes: no copy where there is nothing to join.
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _fit_classifier(
    job: _Job, train: _Seen, genome: Genome, grid: np.ndarray | None
) -> FittedClassifier:
    masks, _ = genome.regions(train.cams.maps)
    descriptors = describe(train.images, masks, grid, job.config.topology)
    return fit_classifier(
        jax.random.key(job.seed_of("classifier")),
        descriptors.matrix(),
        train.labels,
        job.n_classes,
        job.config.classifier,
    )
