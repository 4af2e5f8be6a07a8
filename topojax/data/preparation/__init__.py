"""From one image as its file stores it to the voxels that a method sees, and back to its grid."""

from topojax.data.preparation.grid import Grid
from topojax.data.preparation.prepare import Prepared, prepare, prepare_mask

__all__ = ["Grid", "Prepared", "prepare", "prepare_mask"]
