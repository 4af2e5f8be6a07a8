"""Filtrations: named functions from an image to an array of its shape, entered from below.

A bank of them lets one kernel see an image at several scales, and the shape of the object that it
shows. `registry` reads their names, `expansion` those of `banks`, `filtering` computes them
for many images; what they are is in `scale_space` and `object_shape`.
"""

import topojax.topology.filtrations.built_in  # noqa: F401  registers them
from topojax.topology.filtrations.banks import BANKS
from topojax.topology.filtrations.expansion import expand_filtrations
from topojax.topology.filtrations.filtering import filtered, filtered_bank
from topojax.topology.filtrations.registry import (
    Filtration,
    find_filtration,
    register_filtration,
)

__all__ = [
    "BANKS",
    "Filtration",
    "expand_filtrations",
    "filtered",
    "filtered_bank",
    "find_filtration",
    "register_filtration",
]
