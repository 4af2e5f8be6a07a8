"""Search for fusion weights and threshold by differential evolution (paper, sections 3 and 4.1)."""

from topojax.search.evolution import Evolution, GenerationRecord, minimise
from topojax.search.genome import Genome, decode_genomes, genome_size
from topojax.search.objective import RoiObjective, stratified_folds

__all__ = [
    "Evolution",
    "GenerationRecord",
    "Genome",
    "RoiObjective",
    "decode_genomes",
    "genome_size",
    "minimise",
    "stratified_folds",
]
