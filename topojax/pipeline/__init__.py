"""The method as one piece: fitting, reading images, saving, and the estimator."""

from topojax.pipeline.announce import Stopwatch
from topojax.pipeline.estimator import TopoCAM
from topojax.pipeline.features import BACKBONE, FEATURES
from topojax.pipeline.fit import (
    Fit,
    FitJob,
    Grounds,
    activation_maps_of,
    check_fit,
    fit_backbone,
    fit_on_maps,
    fit_topocam,
    scored_rows,
    settle,
)
from topojax.pipeline.fitted import (
    Explanation,
    FittedTopoCAM,
    Reading,
    check_shape,
    explain_images,
    observe_maps,
    read_images,
    read_observation,
)
from topojax.pipeline.label_target import read_labelled
from topojax.pipeline.observation import Observation
from topojax.pipeline.rule import RoiRule
from topojax.pipeline.storage import load_fitted, save_fitted

__all__ = [
    "BACKBONE",
    "FEATURES",
    "Explanation",
    "Fit",
    "FitJob",
    "FittedTopoCAM",
    "Grounds",
    "Observation",
    "Reading",
    "RoiRule",
    "Stopwatch",
    "TopoCAM",
    "activation_maps_of",
    "check_fit",
    "check_shape",
    "explain_images",
    "fit_backbone",
    "fit_on_maps",
    "fit_topocam",
    "load_fitted",
    "observe_maps",
    "read_images",
    "read_labelled",
    "read_observation",
    "save_fitted",
    "scored_rows",
    "settle",
]
