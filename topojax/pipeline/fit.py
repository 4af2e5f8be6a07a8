"""Fitting, stage by stage: network, CAMs, ROI rule, classifiers. The test split is no argument."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from topojax.cam import CamStack
from topojax.data import Split
from topojax.evaluation import fit_temperature, log_probabilities
from topojax.pipeline.announce import Stopwatch
from topojax.pipeline.features import fit_classifiers, probabilities_by_method
from topojax.pipeline.fitted import FittedTopoCAM, Reading
from topojax.pipeline.network import TrainedNetwork, fit_network
from topojax.pipeline.observation import Observation
from topojax.pipeline.plan import FitPlan
from topojax.pipeline.rule_search import RuleSearch, give_rule, rule_plan, search_rule
from topojax.pipeline.running_time import say_running_time
from topojax.search import LabelledMaps, RoiObjective, RoiRule, SearchData
from topojax.topology import filtration_image, learn_grid

Method = TypeVar("Method", bound=FittedTopoCAM)


@dataclass(frozen=True)
class Fit:
    """A fitted method with how it came about.

    Attributes:
        fitted: the method.
        train, val: what it reads in the two splits that it was fitted on.
        search: the ROI rule and how it was found.
        seconds: wall-clock time by stage.
    """

    fitted: FittedTopoCAM
    train: Reading
    val: Reading
    search: RuleSearch
    seconds: dict[str, float]

    @property
    def n_searches(self) -> int:
        """How often a rule was searched for: once, or not at all where it was given."""
        return int(self.search.evolution is not None)

    @property
    def search_score(self) -> float | None:
        """The best AUC, as the search sees it; None where there is none."""
        return self.search.score


@dataclass(frozen=True)
class Grounds:
    """What the ROI rule and the classifiers are fitted on: the network and its maps.

    Attributes:
        network: fine-tuned.
        train, val: images and labels of the two splits.
        train_cams, val_cams: their maps, logits and embeddings.
    """

    network: TrainedNetwork
    train: Split
    val: Split
    train_cams: CamStack
    val_cams: CamStack

    def search_data(self, plan: FitPlan) -> SearchData:
        """Return what a search may see."""
        return SearchData(
            _labelled_maps(plan, self.train, self.train_cams),
            _labelled_maps(plan, self.val, self.val_cams),
        )


def fit_topocam(plan: FitPlan, train: Split, val: Split) -> Fit:
    """Fit the whole method on the training split.

    The validation split chooses the backbone's epoch, learns the temperature and, under some
    objectives, chooses the ROI rule.

    Args:
        plan: of `plan_fit`, for this training split.
        train: images and labels to fit on.
        val: images and labels to choose by.

    Raises:
        TrainingError: training diverged, or no candidate of the search has a fitness.
        RunError: the plan's folder cannot be written, or holds the state of another fit.
    """
    watch = Stopwatch(plan.log)
    grounds = prepare_grounds(plan, train, val, class_maps, watch)
    return fit_on_maps(plan, grounds, watch)


def class_maps(plan: FitPlan, network: TrainedNetwork, split: Split, name: str) -> CamStack:
    """Return the maps of a split's predicted classes; `name` is that of their folder."""
    folder = plan.folder_of(f"cam_{name}")
    return network.cams(split.images, plan.config.cam, folder=folder, progress=plan.progress)


def prepare_grounds(
    plan: FitPlan,
    train: Split,
    val: Split,
    maps_of: Callable[[FitPlan, TrainedNetwork, Split, str], CamStack],
    watch: Stopwatch,
) -> Grounds:
    """Fine-tune the network, and take its maps.

    Args:
        plan, train, val: as `fit_topocam`.
        maps_of: the maps of a split, such as `class_maps`.
        watch: of the stages.
    """
    say_running_time(plan, train, val)
    epochs, layers = plan.config.backbone.epochs, ", ".join(plan.config.cam.layers)
    with watch.stage("backbone", f"{epochs} epochs, {len(train.labels)} images"):
        network = fit_network(plan, train, val)
    with watch.stage("cam", f"maps of {layers}, {len(train.labels) + len(val.labels)} images"):
        maps = (maps_of(plan, network, train, "train"), maps_of(plan, network, val, "val"))
        return Grounds(network, train, val, *maps)


def fit_on_maps(plan: FitPlan, grounds: Grounds, watch: Stopwatch | None = None) -> Fit:
    """Fit ROI rule, classifiers and temperature where the network and its maps are known."""
    watch = watch or Stopwatch(plan.log)
    data = grounds.search_data(plan)
    grid = learn_grid(data.train.images, plan.config.topology)
    with watch.stage("search", rule_plan(plan.config, is_searched=plan.is_searched)):
        search = _find_rule(plan, data, grid)
    plan.log("roi_rule_fixed", **search.rule.to_json())
    fitted = without_classifiers(plan, grounds, search.rule, grid)
    with watch.stage("classifier", classifier_plan(plan)):
        train = fitted.observe(grounds.train.images, grounds.train_cams)
        val = fitted.observe(grounds.val.images, grounds.val_cams)
        fitted = with_classifiers(
            plan, fitted, (train, grounds.train.labels), (val, grounds.val.labels)
        )
        readings = fitted.judge(train), fitted.judge(val)
    return Fit(fitted, *readings, search, watch.seconds)


def without_classifiers(
    plan: FitPlan, grounds: Grounds, rule: RoiRule, grid: np.ndarray | None
) -> FittedTopoCAM:
    """Return the method as far as it observes."""
    return FittedTopoCAM(
        config=plan.config,
        class_names=plan.class_names,
        labels=tuple(range(plan.n_classes)),
        spatial_shape=grounds.train.images.shape[1 : 1 + plan.spatial_dims],
        network=grounds.network,
        rule=rule,
        grid=grid,
        classifiers={},
        temperature=1.0,
        scale=plan.scale,
    )


def with_classifiers(
    plan: FitPlan,
    fitted: Method,
    train: tuple[Observation, np.ndarray],
    val: tuple[Observation, np.ndarray],
) -> Method:
    """Return the method with classifiers of the training split and the validation's temperature.

    Args:
        plan: seed and settings of the classifiers.
        fitted: without classifiers.
        train, val: what is seen in a split, and its labels int (n,).
    """
    config = plan.config.classifier
    classifiers = fit_classifiers(plan.seeds.classifier, *train, plan.n_classes, config)
    plan.log("classifier_fixed")
    seen, labels = val
    probabilities = probabilities_by_method(classifiers, seen)[config.features]
    temperature = fit_temperature(
        labels, log_probabilities(probabilities), config.temperature_bounds
    )
    plan.log("temperature_fixed", temperature=temperature)
    return replace(fitted, classifiers=classifiers, temperature=temperature)


def classifier_plan(plan: FitPlan) -> str:
    """Return what is about to be done, for people."""
    return f"{plan.config.classifier.epochs} epochs on each kind of features"


def _find_rule(plan: FitPlan, data: SearchData, grid: np.ndarray | None) -> RuleSearch:
    if not plan.is_searched:
        return give_rule(plan.config)
    seed = plan.seeds.search
    objective = RoiObjective(data, grid, plan.config, seed)
    return search_rule(plan, objective, seed=seed, folder=plan.folder_of("search"))


def _labelled_maps(plan: FitPlan, split: Split, cams: CamStack) -> LabelledMaps:
    grey = filtration_image(split.images, plan.spatial_dims, plan.config.topology.filtration)
    return LabelledMaps(grey, cams.maps, split.labels)
