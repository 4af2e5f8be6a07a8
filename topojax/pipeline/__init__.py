"""The method as one piece, in the order of the work: plan, fit, read, save."""

from topojax.pipeline.announce import Stopwatch
from topojax.pipeline.features import BACKBONE, FEATURES
from topojax.pipeline.fit import (
    Fit,
    Grounds,
    class_maps,
    fit_on_maps,
    fit_topocam,
    prepare_grounds,
    with_classifiers,
    without_classifiers,
)
from topojax.pipeline.fitted import Explanation, FittedTopoCAM, Reading
from topojax.pipeline.network import TrainedNetwork, fit_network
from topojax.pipeline.observation import Observation
from topojax.pipeline.plan import FitPlan, Seeds, plan_fit, stage_seed
from topojax.pipeline.rule_search import RuleSearch, give_rule, search_rule
from topojax.pipeline.storage import load_fitted, save_fitted

__all__ = [
    "BACKBONE",
    "FEATURES",
    "Explanation",
    "Fit",
    "FitPlan",
    "FittedTopoCAM",
    "Grounds",
    "Observation",
    "Reading",
    "RuleSearch",
    "Seeds",
    "Stopwatch",
    "TrainedNetwork",
    "class_maps",
    "fit_network",
    "fit_on_maps",
    "fit_topocam",
    "give_rule",
    "load_fitted",
    "plan_fit",
    "prepare_grounds",
    "save_fitted",
    "search_rule",
    "stage_seed",
    "with_classifiers",
    "without_classifiers",
]
