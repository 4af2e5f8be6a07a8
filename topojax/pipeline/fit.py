"""Fitting, stage by stage: networks, CAMs, ROI rule, classifiers. The test split is no argument."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from topojax.data import Split
from topojax.evaluation import fit_temperature, log_probabilities
from topojax.pipeline.announce import Stopwatch
from topojax.pipeline.features import fit_classifiers, mean_probabilities
from topojax.pipeline.fitted import FittedTopoCAM, Reading
from topojax.pipeline.grounds import Grounds, class_maps, prepare_grounds
from topojax.pipeline.observation import Observation
from topojax.pipeline.plan import FitPlan
from topojax.pipeline.rule_search import RuleSearch, give_rule, rule_plan, search_rule
from topojax.search import RoiObjective, RoiRule, SearchData, SearchInputs
from topojax.search.on_device import TracedFitness, device_fitness
from topojax.topology.filtered_images import Grids
from topojax.training import said_training

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


def fit_on_maps(plan: FitPlan, grounds: Grounds, watch: Stopwatch | None = None) -> Fit:
    """Fit ROI rule, classifiers and temperature where the networks and their maps are known."""
    watch = watch or Stopwatch(plan.log)
    with watch.stage("filters", filter_plan(plan)):
        filtered = grounds.filtered(plan)
    data = grounds.search_data(*filtered)
    with watch.stage("search", rule_plan(plan.config, is_searched=plan.is_searched)):
        search = _find_rule(plan, data)
    plan.log("roi_rule_fixed", **search.rule.to_json())
    fitted = without_classifiers(plan, grounds, search.rule, filtered[0].grids)
    with watch.stage("classifier", classifier_plan(plan)):
        (train,) = fitted.observe(filtered[0], (grounds.train_cams,))
        val = fitted.observe(filtered[1], grounds.val_cams)
        fitted = with_classifiers(
            plan, fitted, (train, grounds.train.labels), (val, grounds.val.labels)
        )
        readings = fitted.judge((train,)), fitted.judge(val)
    return Fit(fitted, *readings, search, watch.seconds)


def without_classifiers(
    plan: FitPlan, grounds: Grounds, rule: RoiRule, grids: Grids
) -> FittedTopoCAM:
    """Return the method as far as it observes."""
    return FittedTopoCAM(
        config=plan.config,
        class_names=plan.class_names,
        labels=tuple(range(plan.n_classes)),
        spatial_shape=grounds.train.images.shape[1 : 1 + plan.spatial_dims],
        networks=grounds.readers,
        rule=rule,
        grids=grids,
        classifiers={},
        temperature=1.0,
        scale=plan.scale,
    )


def with_classifiers(
    plan: FitPlan,
    fitted: Method,
    train: tuple[Observation, np.ndarray],
    val: tuple[Sequence[Observation], np.ndarray],
) -> Method:
    """Return the method with classifiers of the training split and the validation's temperature.

    Args:
        plan: seed and settings of the classifiers.
        fitted: without classifiers.
        train: what is seen in the split, and its labels int (n,).
        val: the same; what is seen by each reader.
    """
    config = plan.config.classifier
    classifiers = fit_classifiers(plan.seeds.classifier, *train, plan.n_classes, plan.config)
    plan.log("classifier_fixed")
    seen, labels = val
    probabilities = mean_probabilities(classifiers, seen)[config.features]
    temperature = fit_temperature(
        labels, log_probabilities(probabilities), config.temperature_bounds
    )
    plan.log("temperature_fixed", temperature=temperature)
    return replace(fitted, classifiers=classifiers, temperature=temperature)


def filter_plan(plan: FitPlan) -> str:
    """Return what is about to be filtered, for people."""
    names = plan.config.topology.filtrations
    shown = ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
    return f"training and validation images by {shown}"


def classifier_plan(plan: FitPlan) -> str:
    """Return what is about to be done, for people."""
    return f"{said_training(plan.config.classifier)} on each kind of features"


def _find_rule(plan: FitPlan, data: SearchData) -> RuleSearch:
    if not plan.is_searched:
        return give_rule(plan.config)
    seed = plan.seeds.search
    objective: RoiObjective | TracedFitness
    if plan.config.search.topology == "device":
        objective = device_fitness(SearchInputs.of(data, plan.config, seed), plan.config)
    else:
        objective = RoiObjective(data, plan.config, seed)
    return search_rule(plan, objective, seed=seed, folder=plan.folder_of("search"))
