"""From images and ROIs to topological descriptors (paper, section 3)."""

from topojax.topology.descriptor import (
    BettiDescriptors,
    describe,
    feature_names,
    roi_betti_curves,
)
from topojax.topology.grids import fixed_grid, sample_grids
from topojax.topology.intensity import filtration_image

__all__ = [
    "BettiDescriptors",
    "describe",
    "feature_names",
    "filtration_image",
    "fixed_grid",
    "roi_betti_curves",
    "sample_grids",
]
