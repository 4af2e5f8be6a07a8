"""From images and ROIs to topological descriptors (paper, section 3).

`BettiCurve` and its neighbours are scikit-learn transformers; the functions are what the pipeline
calls.
"""

from topojax.topology.bank import (
    BankDescriptors,
    bank_feature_names,
    candidate_matrix,
    describe_bank,
    describe_whole,
)
from topojax.topology.betti_error import betti_error
from topojax.topology.descriptor import (
    BettiDescriptors,
    describe,
    describe_candidates,
    feature_names,
    masked_betti_curves,
)
from topojax.topology.diagrams import (
    persistence_diagrams,
    persistence_entropy,
    persistence_image,
)
from topojax.topology.filtered_images import (
    FilteredImages,
    filter_images,
    learn_filtered_images,
)
from topojax.topology.filtrations import (
    Filtration,
    expand_filtrations,
    filtered,
    filtered_bank,
    find_filtration,
    register_filtration,
)
from topojax.topology.giotto import (
    giotto_betti_curves,
    giotto_betti_curves_batch,
    giotto_grids,
    reduced_steps,
)
from topojax.topology.grids import fixed_grid, learn_grid, quantile_grid, sample_grids
from topojax.topology.intensity import grey_images
from topojax.topology.transformers.curve_transformers import BettiCurve, EulerCurve
from topojax.topology.transformers.diagram_transformers import PersistenceEntropy, PersistenceImage
from topojax.topology.transformers.gudhi_transformers import (
    PersistenceLandscape,
    PersistenceSilhouette,
)
from topojax.topology.transformers.roi import roi_images
from topojax.topology.volumes import sublevel_volumes

__all__ = [
    "BankDescriptors",
    "BettiCurve",
    "BettiDescriptors",
    "EulerCurve",
    "FilteredImages",
    "Filtration",
    "PersistenceEntropy",
    "PersistenceImage",
    "PersistenceLandscape",
    "PersistenceSilhouette",
    "bank_feature_names",
    "betti_error",
    "candidate_matrix",
    "describe",
    "describe_bank",
    "describe_candidates",
    "describe_whole",
    "expand_filtrations",
    "feature_names",
    "filter_images",
    "filtered",
    "filtered_bank",
    "find_filtration",
    "fixed_grid",
    "giotto_betti_curves",
    "giotto_betti_curves_batch",
    "giotto_grids",
    "grey_images",
    "learn_filtered_images",
    "learn_grid",
    "masked_betti_curves",
    "persistence_diagrams",
    "persistence_entropy",
    "persistence_image",
    "quantile_grid",
    "reduced_steps",
    "register_filtration",
    "roi_images",
    "sample_grids",
    "sublevel_volumes",
]
