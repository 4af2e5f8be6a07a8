"""Single test images of a run: which are shown, and the topology of their ROIs."""

from topojax.experiments.examples.bars import lasting_bars
from topojax.experiments.examples.choosing import (
    first_of_each_class,
    most_shown,
    wrong_and_empty,
)
from topojax.experiments.examples.regions import example_topology, own_region

__all__ = [
    "example_topology",
    "first_of_each_class",
    "lasting_bars",
    "most_shown",
    "own_region",
    "wrong_and_empty",
]
