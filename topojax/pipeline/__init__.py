"""The method as one piece, in the order of the work: plan, fit, read, save."""

from topojax.pipeline.announce import Stopwatch
from topojax.pipeline.features import BACKBONE, FEATURES
from topojax.pipeline.fit import (
    Fit,
    fit_on_maps,
    fit_topocam,
    with_classifiers,
    without_classifiers,
)
from topojax.pipeline.fitted import Explanation, FittedTopoCAM, Reading
from topojax.pipeline.grounds import (
    Grounds,
    MapsOf,
    class_maps,
    maps_by_reader,
    prepare_grounds,
    training_maps,
)
from topojax.pipeline.network import TrainedNetwork
from topojax.pipeline.networks import Networks, fit_networks
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
    "MapsOf",
    "Networks",
    "Observation",
    "Reading",
    "RuleSearch",
    "Seeds",
    "Stopwatch",
    "TrainedNetwork",
    "class_maps",
    "fit_networks",
    "fit_on_maps",
    "fit_topocam",
    "give_rule",
    "load_fitted",
    "maps_by_reader",
    "plan_fit",
    "prepare_grounds",
    "save_fitted",
    "search_rule",
    "stage_seed",
    "training_maps",
    "with_classifiers",
    "without_classifiers",
]
