"""What a run folder is: its files as typed records, written by experiments, read by all others.

Importing this package loads no jax.
"""

from topojax.runs.arrays import (
    Examples,
    ExampleTopology,
    LastingBars,
    RunArrays,
    SplitFeatures,
    TestCurves,
    Tried,
)
from topojax.runs.environment import DataFacts, Environment
from topojax.runs.folder import RunFolder, check_run, open_run
from topojax.runs.images import write_image_list
from topojax.runs.learning_curve import (
    CURVE_METHODS,
    CurvePoint,
    CurveTrial,
    LearningCurve,
    SeedMean,
)
from topojax.runs.metrics import (
    BackboneTraining,
    Calibrated,
    Calibration,
    CalibrationErrors,
    Classifier,
    ClassifierTrial,
    Compared,
    Coverage,
    Epoch,
    Evaluation,
    FiltrationEffect,
    Fusion,
    Generation,
    Metrics,
)
from topojax.runs.predictions import (
    named_predictions_csv,
    predictions_csv,
    read_predictions,
    write_predictions,
)
from topojax.runs.reading import Run, load_run

__all__ = [
    "CURVE_METHODS",
    "BackboneTraining",
    "Calibrated",
    "Calibration",
    "CalibrationErrors",
    "Classifier",
    "ClassifierTrial",
    "Compared",
    "Coverage",
    "CurvePoint",
    "CurveTrial",
    "DataFacts",
    "Environment",
    "Epoch",
    "Evaluation",
    "ExampleTopology",
    "Examples",
    "FiltrationEffect",
    "Fusion",
    "Generation",
    "LastingBars",
    "LearningCurve",
    "Metrics",
    "Run",
    "RunArrays",
    "RunFolder",
    "SeedMean",
    "SplitFeatures",
    "TestCurves",
    "Tried",
    "check_run",
    "load_run",
    "named_predictions_csv",
    "open_run",
    "predictions_csv",
    "read_predictions",
    "write_image_list",
    "write_predictions",
]
