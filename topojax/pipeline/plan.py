"""A fit before it begins: settled, checked, every seed named. Every stage is told by it."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from topojax.cam import check_layers, check_maps
from topojax.config import CamConfig, Config, TopologyConfig
from topojax.data import IntensityScale, Split
from topojax.data.memory import memory_limit
from topojax.errors import ConfigError
from topojax.executors import Spreading
from topojax.models import Backbone, abstract_model, check_image_shape, list_models
from topojax.pipeline.announce import Log, no_log
from topojax.pipeline.cost.memory import (
    MemoryNeed,
    check_memory,
    classifier_bytes,
    curve_bytes,
    final_classifier_bytes,
)
from topojax.row_files.row_blocks import is_mapped
from topojax.row_files.row_budget import kept_in_memory
from topojax.search import check_given_weights, find_objective, n_genes, stratified_folds
from topojax.search.on_device import choose_topology
from topojax.topology import expand_filtrations, find_filtration, learn_grid
from topojax.training import check_augmentation, check_selection, with_pretrained_weights
from topojax.training.classifier.cross_fit import classifiers_at_once

USUAL_NETWORK = {2: "resnet18", 3: "r3d_18"}
"""The paper's backbone, by the number of spatial axes."""


@dataclass(frozen=True)
class Seeds:
    """Seeds of the stages that draw, each fixed by `config.seed` and the stage's name."""

    backbone: int
    search: int
    classifier: int

    @classmethod
    def of(cls, seed: int) -> Seeds:
        """Return the seeds of a run."""
        return cls(*(stage_seed(seed, stage) for stage in ("backbone", "search", "classifier")))


@dataclass(frozen=True)
class FitPlan:
    """What every stage of a fit is told.

    Attributes:
        config: settled: the network, its CAM layers, all filtrations and who counts Betti numbers
            are named.
        class_names: one a class, in the labels' order.
        spatial_dims: 2 or 3.
        seeds: of the stages' random draws.
        scale: of the images' intensities; None where it is not known.
        folder: where training, maps and search keep their state to resume from, or None.
        progress: show progress bars on a terminal.
        log: called with an event's name and its fields at every step.
        spreading: over what networks of folds are spread, which takes a folder; None: they are
            trained here, one after the other.
    """

    config: Config
    class_names: tuple[str, ...]
    spatial_dims: int
    seeds: Seeds
    scale: IntensityScale | None = None
    folder: Path | None = None
    progress: bool = False
    log: Log = no_log
    spreading: Spreading | None = None

    @property
    def n_classes(self) -> int:
        """The number of classes."""
        return len(self.class_names)

    @property
    def is_searched(self) -> bool:
        """Whether there is any rule to search for; see `is_searched`."""
        return is_searched(self.config)

    def folder_of(self, stage: str) -> Path | None:
        """Return where a stage keeps its state, or None."""
        return self.folder / stage if self.folder else None

    def kept_in(self, folder: Path, log: Log) -> FitPlan:
        """Return the plan of a fit that keeps its state and its log."""
        return replace(self, folder=folder, log=log)

    def spread_over(self, spreading: Spreading | None) -> FitPlan:
        """Return the plan of a fit whose networks are trained side by side, if anything was asked.

        Raises:
            ConfigError: there is one network alone.
        """
        if spreading is None or spreading == Spreading():
            return self
        if n_networks(self.config.cam) == 1:
            (asked,) = (f"--{k}={v}" for k, v in vars(spreading).items() if v is not None)
            raise ConfigError(
                f"{asked} trains the networks of folds side by side, and cam.folds=1 has one "
                f"network; set cam.folds to 2 or more, or leave {asked} out"
            )
        return replace(self, spreading=spreading)

    def with_seed(self, seed: int) -> FitPlan:
        """Return the same plan with other random draws."""
        config = self.config.model_copy(update={"seed": seed})
        return replace(self, config=config, seeds=Seeds.of(seed))


def plan_fit(
    config: Config,
    train: Split,
    class_names: tuple[str, ...],
    spatial_dims: int,
    *,
    scale: IntensityScale | None = None,
    progress: bool = False,
) -> FitPlan:
    """Settle a configuration, and raise what would otherwise stop a fit half-way; at once.

    Args:
        config: see `topojax.config`.
        train: images and labels to fit on.
        class_names: one a class, in the labels' order.
        spatial_dims: 2 or 3.
        scale: of the images' intensities, which later images are held to; None: not known.
        progress: show progress bars on a terminal.

    Raises:
        ConfigError: a network that is unknown or for another dimension, layers that it has not or
            that give no map, an unknown objective or filtration, weights that are not one a layer,
            flips along an axis that the images do not have, a search that cannot be compiled for
            the device, or more memory needed than there is.
        DataError: images too small for the network or constant; too few samples for the folds.
        WeightsError: `backbone.weights` cannot be read or does not fit.
    """
    name = _network_name(config, spatial_dims)
    n_channels = train.images.shape[-1] if train.images.ndim == spatial_dims + 2 else 1
    network = abstract_model(name, len(class_names), n_channels)
    shape = train.images.shape[1 : 1 + spatial_dims]
    config = _settled(config, network, shape)
    check_image_shape(name, shape)
    check_maps(name, config.cam.layers, shape)
    check_augmentation(config.backbone, spatial_dims)
    # Of constant images no filtration has values to threshold; a grid of others is learnt later.
    grid = learn_grid(train.images, config.topology)
    _check_rule(config, train.labels)
    if config.classifier.model == "auto" or config.cam.folds > 1:
        check_selection(train.labels, config.classifier)
    n_thresholds = config.topology.n_thresholds
    if grid is not None and config.topology.filtrations == ("intensity",):
        n_thresholds = len(grid)
    need = memory_need(config, train.images, len(class_names), spatial_dims, n_thresholds)
    check_memory(need, memory_limit())
    with_pretrained_weights(network, config.backbone)
    seeds = Seeds.of(config.seed)
    return FitPlan(config, class_names, spatial_dims, seeds, scale, progress=progress)


def is_searched(config: Config) -> bool:
    """Tell whether there is anything to search for.

    There is not where the rule is given, where no ROI has a say in the classifier's features, and
    where one layer has all the weight at a fixed threshold.

    Args:
        config: settled.
    """
    free = len(config.cam.layers) > 1 or config.search.tau is None
    return (
        config.search.method == "evolution" and config.classifier.features != "embedding" and free
    )


def population_size(config: Config) -> int:
    """Return the number of candidates of a generation; `config` is settled."""
    # Differential evolution combines four different members.
    genes = n_genes(len(config.cam.layers), config.search)
    return max(4, config.search.population_per_gene * genes)


def n_networks(config: CamConfig) -> int:
    """Return how many networks are trained."""
    return 1 if config.folds == 1 else config.folds + (config.unseen == "one")


def n_readers(config: CamConfig) -> int:
    """Return how many networks read an image outside the training split."""
    return config.folds if config.unseen == "folds" else 1


def memory_need(
    config: Config, images: np.ndarray, n_classes: int, spatial_dims: int, n_thresholds: int
) -> MemoryNeed:
    """Return what a fit holds at once in memory, at least.

    Args:
        config: settled.
        images: of the training split, (n, *spatial[, C]); mapped ones take none.
        n_classes: of the labels.
        spatial_dims: 2 or 3.
        n_thresholds: of each filtration's grid, which may be fewer than asked for.
    """
    n, voxels = len(images), int(np.prod(images.shape[1 : 1 + spatial_dims]))
    maps = n * len(config.cam.layers) * voxels
    n_filtrations, budget = len(config.topology.filtrations), config.cam.memory_mb
    filtered = n * voxels * n_filtrations if n_filtrations > 1 else 0
    own = 0 if is_mapped(images) else images.nbytes
    objective = find_objective(config.search.objective)
    judged = is_searched(config) and objective.reads == "descriptors"
    candidates = population_size(config) if judged and "train" in objective.splits else 1
    folds = config.search.folds if objective.name == "cv-auc" else 1
    n_features = spatial_dims * n_thresholds * n_filtrations + 1
    widths = (n_features, *config.classifier.hidden, n_classes)
    judging = classifiers_at_once(candidates, folds) * classifier_bytes(widths) if judged else 0
    final = final_classifier_bytes(config.classifier, n, n_features, n_classes)
    return MemoryNeed(
        images=own + (filtered if kept_in_memory(filtered, budget) else 0),
        maps=maps if kept_in_memory(maps, budget) else 0,
        descriptors=curve_bytes(candidates * n, spatial_dims, n_thresholds)
        + 8 * candidates * n * n_features * (n_filtrations > 1),
        classifiers=max(judging, final),
    )


def stage_seed(seed: int, stage: str) -> int:
    """Return the seed of a stage's random draws, fixed by the run's and the stage's name."""
    sequence = np.random.SeedSequence((seed, zlib.crc32(stage.encode())))
    return int(sequence.generate_state(1)[0] >> 1)


def settled_filtrations(config: TopologyConfig, spatial_dims: int) -> tuple[str, ...]:
    """Return the filtrations by name, those of banks one by one.

    Raises:
        ConfigError: an unknown one, or one of infinite values on a grid of each sample's own.
    """
    names = expand_filtrations(config.filtrations, spatial_dims)
    infinite = [name for name in names if not find_filtration(name, spatial_dims).finite]
    if config.grid == "sample" and infinite:
        raise ConfigError(
            f"topology.grid='sample' with filtration {infinite[0]!r}, whose values may be "
            "infinite; choose the grid 'fixed' or 'quantile'"
        )
    return names


def _network_name(config: Config, spatial_dims: int) -> str:
    name = config.backbone.name
    if name == "auto":
        name = USUAL_NETWORK[spatial_dims]
    if name not in list_models(spatial_dims):
        raise ConfigError(
            f"backbone.name={name!r} does not take {spatial_dims}-D images; choose 'auto' or one "
            f"of {', '.join(list_models(spatial_dims))}"
        )
    return name


def _settled(config: Config, network: Backbone, shape: tuple[int, ...]) -> Config:
    filtrations = settled_filtrations(config.topology, len(shape))
    layers = config.cam.layers or network.cam_layers
    check_layers(network, layers)
    find_objective(config.search.objective)
    topology = choose_topology(config, shape).topology
    return config.model_copy(
        update={
            "backbone": config.backbone.model_copy(update={"name": network.name}),
            "cam": config.cam.model_copy(update={"layers": layers}),
            "topology": config.topology.model_copy(update={"filtrations": filtrations}),
            "search": config.search.model_copy(update={"topology": topology}),
        }
    )


def _check_rule(config: Config, labels: np.ndarray) -> None:
    check_given_weights(len(config.cam.layers), config.search)
    if config.cam.folds > 1:
        stratified_folds(labels, config.cam.folds, config.seed, setting="cam.folds")
    if config.search.objective == "cv-auc" and is_searched(config):
        stratified_folds(labels, config.search.folds, config.seed)
