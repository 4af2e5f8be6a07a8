"""Search for fusion weights and threshold by differential evolution (paper, sections 3 and 4.1)."""

from topojax.search.data import LabelledMaps, SearchData, stratified_folds
from topojax.search.evolution import Evolution, GenerationRecord, minimise
from topojax.search.objective import EvaluationSeconds, RoiObjective, SearchInputs
from topojax.search.objectives import (
    OBJECTIVES,
    Objective,
    find_objective,
    objective_score,
    register_objective,
)
from topojax.search.rule import (
    RoiRule,
    check_given_weights,
    decode_rule,
    decode_rules,
    given_rule,
    n_genes,
)

__all__ = [
    "OBJECTIVES",
    "EvaluationSeconds",
    "Evolution",
    "GenerationRecord",
    "LabelledMaps",
    "Objective",
    "RoiObjective",
    "RoiRule",
    "SearchData",
    "SearchInputs",
    "check_given_weights",
    "decode_rule",
    "decode_rules",
    "find_objective",
    "given_rule",
    "minimise",
    "n_genes",
    "objective_score",
    "register_objective",
    "stratified_folds",
]
