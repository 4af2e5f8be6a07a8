"""Search for fusion weights and threshold by differential evolution (paper, sections 3 and 4.1)."""

from topojax.search.evolution import Evolution, GenerationRecord, minimise
from topojax.search.genome import Genome, decode_genomes, decode_population, genome_size
from topojax.search.given import check_given, given_genome
from topojax.search.objective import EvaluationSeconds, RoiObjective
from topojax.search.objectives import (
    OBJECTIVES,
    Objective,
    find_objective,
    objective_score,
    register_objective,
)
from topojax.search.splits import SearchSplits, stratified_folds

__all__ = [
    "OBJECTIVES",
    "EvaluationSeconds",
    "Evolution",
    "GenerationRecord",
    "Genome",
    "Objective",
    "RoiObjective",
    "SearchSplits",
    "check_given",
    "decode_genomes",
    "decode_population",
    "find_objective",
    "genome_size",
    "given_genome",
    "minimise",
    "objective_score",
    "register_objective",
    "stratified_folds",
]
