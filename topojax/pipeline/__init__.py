"""The method as one piece: fitting, reading images, saving, and the estimator."""

from topojax.pipeline.announce import Stopwatch
from topojax.pipeline.estimator import TopoCAM
from topojax.pipeline.fit import Fit, check_fit, fit_topocam, settle
from topojax.pipeline.fitted import (
    Explanation,
    FittedTopoCAM,
    Reading,
    check_shape,
    explain_images,
    read_images,
)
from topojax.pipeline.storage import load_fitted, save_fitted

__all__ = [
    "Explanation",
    "Fit",
    "FittedTopoCAM",
    "Reading",
    "Stopwatch",
    "TopoCAM",
    "check_fit",
    "check_shape",
    "explain_images",
    "fit_topocam",
    "load_fitted",
    "read_images",
    "save_fitted",
    "settle",
]
