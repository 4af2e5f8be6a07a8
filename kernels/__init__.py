"""Exact Betti curves and persistence pairs of cubical complexes, also on many regions of one image.

Imports numpy, numba and its llvmlite alone. The folders follow the algorithm; `ALGORITHM.md` works
an image by hand and has the proofs.

- `arguments`: checks of what callers pass, worded once.
- `compiling`: how functions become machine code, and where that is kept. Beside it `lanes`
  and `machine_words`, what compiled functions are written with.
- `padded`: a voxel's level is the index of the first threshold not below its value; the volume is
  cropped to the mask's box, and padded. The work arrays.
- `simple`: 64 voxels at a time are compared with their neighbours, and the local components that
  each of them meets are found by bit operations. Voxels that meet one on either side of the order
  are simple, which most are; every voxel's first neighbour is noted on the way.
- `tree`: voxels at which components merge are traced to the basins that they join, and the basins
  merged in order. `components` counts beta_0 on the way up, `cavities` beta_(d-1) on the way down,
  on the complement, by Alexander duality.
- `cycles`: pairs of loops of volumes, by reduction of cycles of edges.
- `roi`: maps fused with weights and thresholded; one image on the regions of many candidates.
- `chunks`: volumes that no memory holds, each chunk reduced to what others can still change.
- On top `euler`, which counts what voxels change the Euler characteristic by, and leaves beta_1 in
  3-D; `curves` and `exact_filtration`, which put these together with a grid and without; `betti`,
  `batch`, `population` and `pairs`, which callers use.

The T-construction on X is the V-construction on -X with sublevel set and complement exchanged, so
that the same passes serve both. The first call of a machine compiles for some 6 s, that of a
population of candidates for 9, and for pairs of loops for 5 more. Compiled code is kept in the
user's cache, in `~/.cache/topojax/kernels`; the environment variable NUMBA_CACHE_DIR names another
place.
"""

from __future__ import annotations

from .batch import betti_curves_batch
from .betti import betti_curves, betti_steps
from .chunks import betti_curves_slabs, persistence_pairs_slabs
from .euler import euler_curve
from .pairs import persistence_pairs
from .population import RoiBettiCurves, roi_betti_curves
from .roi.fusion import fuse_maps
from .roi.regions import regions_of_interest
from .roi.sizes import region_sizes

__all__ = [
    "RoiBettiCurves",
    "betti_curves",
    "betti_curves_batch",
    "betti_curves_slabs",
    "betti_steps",
    "euler_curve",
    "fuse_maps",
    "persistence_pairs",
    "persistence_pairs_slabs",
    "region_sizes",
    "regions_of_interest",
    "roi_betti_curves",
]
