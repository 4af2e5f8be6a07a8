"""Scores of class probabilities, with stratified bootstrap intervals."""

from topojax.evaluation.bootstrap import score
from topojax.evaluation.result import Interval, Scores
from topojax.evaluation.roc import roc_curve
from topojax.evaluation.scores import auc_score, confusion_matrix, decide

__all__ = [
    "Interval",
    "Scores",
    "auc_score",
    "confusion_matrix",
    "decide",
    "roc_curve",
    "score",
]
