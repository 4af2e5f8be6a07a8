"""Fitting with defects: of the authors' public script, and of maps of the true class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from topojax.cam import CamStack
from topojax.data import Split
from topojax.defects.label_cams import label_cams_of
from topojax.defects.method import DefectiveTopoCAM
from topojax.errors import DataError
from topojax.pipeline import (
    Fit,
    FitPlan,
    Grounds,
    RuleSearch,
    Stopwatch,
    TrainedNetwork,
    give_rule,
    search_rule,
    with_classifiers,
    without_classifiers,
)
from topojax.pipeline.fit import classifier_plan, filter_plan
from topojax.pipeline.rule_search import rule_plan
from topojax.search import RoiObjective, SearchData


@dataclass(frozen=True)
class DefectiveFit(Fit):
    """A fit of rules in turn; `search` is the first one's.

    Attributes:
        searches: one a rule.
    """

    searches: tuple[RuleSearch, ...]

    @property
    def n_searches(self) -> int:
        """How many rules were searched for; none where the rule was given."""
        return sum(search.evolution is not None for search in self.searches)

    @property
    def search_score(self) -> float | None:
        """The mean over the searches of the best AUC, as they see it; None where there is none."""
        found = [search.evolution for search in self.searches if search.evolution is not None]
        if self.search.score is None:
            return None
        return 1.0 - float(np.mean([evolution.best_fitness for evolution in found]))


class DroppingObjective(RoiObjective):
    """Leaves images whose region is empty out of a candidate's training and fitness."""

    def counted(self, empty: np.ndarray) -> np.ndarray:
        """Return which images count for each candidate, bool (P, n): those with a region."""
        return ~empty


def label_maps(
    plan: FitPlan,
    network: TrainedNetwork,
    split: Split,
    name: str,
    index: np.ndarray | None = None,
) -> CamStack:
    """Return the maps of a split's *true* classes; nothing is kept to resume from.

    Args:
        name: of the split; not used, since nothing is kept.
        index: as of `topojax.pipeline.class_maps`.
    """
    return label_cams_of(network, split, plan.config.cam, index=index, progress=plan.progress)


def fit_defective_on_maps(plan: FitPlan, grounds: Grounds, watch: Stopwatch) -> DefectiveFit:
    """Fit rules in turn, classifiers without images that are dropped, and temperature.

    Raises:
        DataError: `topology.empty_roi=drop` leaves a class without a training image.
    """
    with watch.stage("filters", filter_plan(plan)):
        filtered = grounds.filtered(plan)
    data = grounds.search_data(*filtered)
    times = f"{plan.config.search.searches} times " if plan.is_searched else ""
    with watch.stage("search", times + rule_plan(plan.config, is_searched=plan.is_searched)):
        searches = _search_in_turn(plan, data)
    for search in searches:
        plan.log("roi_rule_fixed", **search.rule.to_json())
    rules = tuple(search.rule for search in searches)
    honest = without_classifiers(plan, grounds, rules[0], filtered[0].grids)
    fitted = DefectiveTopoCAM(**vars(honest), rules=rules)
    with watch.stage("classifier", classifier_plan(plan)):
        (train,) = fitted.observe(filtered[0], (grounds.train_cams,))
        val = fitted.observe(filtered[1], grounds.val_cams)
        kept = _training_rows(plan, train.empty, grounds.train.labels)
        fitted = with_classifiers(
            plan,
            fitted,
            (train.rows(kept), grounds.train.labels[kept]),
            (val, grounds.val.labels),
        )
        readings = fitted.judge((train,)), fitted.judge(val)
    return DefectiveFit(fitted, *readings, searches[0], watch.seconds, searches)


def _search_in_turn(plan: FitPlan, data: SearchData) -> tuple[RuleSearch, ...]:
    if not plan.is_searched:
        return (give_rule(plan.config),)
    drops = plan.config.topology.empty_roi == "drop"
    objective_of = DroppingObjective if drops else RoiObjective
    folder = plan.folder_of("search")
    found = []
    for number in range(plan.config.search.searches):
        seed = plan.seeds.search + number
        objective = objective_of(data, plan.config, seed)
        own_folder = folder / f"search_{number}" if folder else None
        found.append(search_rule(plan, objective, seed=seed, folder=own_folder))
    return tuple(found)


def _training_rows(plan: FitPlan, empty: np.ndarray, labels: np.ndarray) -> np.ndarray:
    if plan.config.topology.empty_roi != "drop":
        return np.ones(len(empty), bool)
    left = np.bincount(labels[~empty], minlength=plan.n_classes)
    if not left.all():
        raise DataError(
            f"topology.empty_roi='drop' leaves no training image of class "
            f"{plan.class_names[left.argmin()]!r}: all of its ROIs are empty; keep them with "
            "topology.empty_roi='keep' or lower search.tau"
        )
    return ~empty
