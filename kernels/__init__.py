"""Exact Betti curves and persistence pairs of cubical complexes, also on many regions of one image.

Imports numpy and numba alone.

1. `levels`: a voxel's level is the index of the first threshold not below its value; the volume is
   cropped to the mask's box, and padded.
2. `bitplanes` and `order`: levels as bit planes, on which one instruction compares hundreds of
   voxels with a neighbour.
3. `critical`: still on bits, the voxels that can change a Betti number as they enter are told from
   the simple ones, which are most; every voxel's first neighbour is noted on the way.
4. `merge_tree`: critical voxels are traced to the basins that they join, and the basins merged in
   order with the elder rule.
5. `components` counts beta_0 on the way up, `cavities` beta_(d-1) on the way down, on the
   complement, by Alexander duality; `euler` counts cells, which leaves beta_1 in 3-D.
6. `regions` fuses maps with weights and thresholds them; `candidates` sets the levels of one image
   on the regions of many candidates, one after the other.
7. `volume` and `sampling` put these together; `betti`, `batch`, `population`, `region_sizes` and
   `pairs` are what callers use.

The T-construction on X is the V-construction on -X with sublevel set and complement exchanged, so
that the same passes serve both. The first call of a machine compiles for some 20 s. Compiled code
is kept beside the sources, or where they are read-only in the user's cache folder; the environment
variable NUMBA_CACHE_DIR names another place.
"""

from __future__ import annotations

from .batch import betti_curves_batch
from .betti import betti_curves, betti_steps, euler_curve
from .pairs import persistence_pairs
from .population import RoiBettiCurves, roi_betti_curves
from .region_sizes import region_sizes
from .regions import fuse_maps, regions_of_interest

__all__ = [
    "RoiBettiCurves",
    "betti_curves",
    "betti_curves_batch",
    "betti_steps",
    "euler_curve",
    "fuse_maps",
    "persistence_pairs",
    "region_sizes",
    "regions_of_interest",
    "roi_betti_curves",
]
