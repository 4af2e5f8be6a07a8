"""Scores of class probabilities: intervals, paired differences, several seeds, calibration."""

from topojax.evaluation.bootstrap import score
from topojax.evaluation.calibration import (
    ReliabilityCurve,
    brier_score,
    equal_mass_calibration_error,
    equal_mass_reliability_curve,
    expected_calibration_error,
    maximum_calibration_error,
    reliability_curve,
)
from topojax.evaluation.candidates import auc_scores, rank_aucs
from topojax.evaluation.chance import CHANCE, chance_error, chance_interval
from topojax.evaluation.delong import delong_difference, delong_interval
from topojax.evaluation.paired import compare
from topojax.evaluation.result import Comparison, Difference, Interval, Scores
from topojax.evaluation.roc import roc_curve
from topojax.evaluation.scores import auc_score, confusion_matrix, decide
from topojax.evaluation.seeds import SeedSummary, summarise_seed_differences, summarise_seeds
from topojax.evaluation.temperature import (
    TEMPERATURE_BOUNDS,
    fit_temperature,
    log_probabilities,
    negative_log_likelihood,
    temper,
)

__all__ = [
    "CHANCE",
    "TEMPERATURE_BOUNDS",
    "Comparison",
    "Difference",
    "Interval",
    "ReliabilityCurve",
    "Scores",
    "SeedSummary",
    "auc_score",
    "auc_scores",
    "brier_score",
    "chance_error",
    "chance_interval",
    "compare",
    "confusion_matrix",
    "decide",
    "delong_difference",
    "delong_interval",
    "equal_mass_calibration_error",
    "equal_mass_reliability_curve",
    "expected_calibration_error",
    "fit_temperature",
    "log_probabilities",
    "maximum_calibration_error",
    "negative_log_likelihood",
    "rank_aucs",
    "reliability_curve",
    "roc_curve",
    "score",
    "summarise_seed_differences",
    "summarise_seeds",
    "temper",
]
