"""Exact Betti curves and persistence pairs of cubical complexes; imports numpy and numba alone.

1. `levels`: a voxel's level is the index of the first threshold not below its value; the volume is
   cropped to the voxels that ever enter, and padded.
2. `neighbourhood`: for every voxel, a word of the neighbours that come before it, and by floods of
   fixed length inside that word, whether the voxel joins one local component or several.
3. `merge_tree`: a voxel with one local component needs no order and no union; the others are sorted
   by level and merged with the elder rule.
4. `components` grows the tree upwards for beta_0, `cavities` downwards on the complement for
   beta_(d-1), by Alexander duality; `euler` counts cells, which leaves beta_1 in 3-D.
5. `betti`, `batch` and `pairs` are what callers use.

The T-construction on X is the V-construction on -X with sublevel set and complement exchanged, so
that the same passes serve both. The first call of a machine compiles for about 10 s. Compiled code
is kept beside the sources, or where they are read-only in the user's cache folder; the environment
variable NUMBA_CACHE_DIR names another place.
"""

from __future__ import annotations

from .batch import betti_curves_batch
from .betti import betti_curves, betti_steps, euler_curve
from .pairs import persistence_pairs

__all__ = [
    "betti_curves",
    "betti_curves_batch",
    "betti_steps",
    "euler_curve",
    "persistence_pairs",
]
