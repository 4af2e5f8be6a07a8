"""Checks of what callers pass, worded once, and its conversion to the types kernels compile for.

Every check returns what kernels take, and raises TypeError (a dtype that cannot be used) or
ValueError (a shape or a value that cannot be) with one line that names the argument, what it is and
what was expected.
"""

from __future__ import annotations

from .images import (
    absent_as_infinite,
    any_nan,
    check_images,
    check_masks,
    check_sample,
    image_volumes,
    kernel_dimensions,
    nan_error,
)
from .maps import check_maps, map_bytes
from .options import Background, Construction, check_background, check_construction
from .rules import check_rule, check_rules, check_taus, check_weights
from .thresholds import check_grid, check_grid_or_steps, check_thresholds, frozen_grid

__all__ = [
    "Background",
    "Construction",
    "absent_as_infinite",
    "any_nan",
    "check_background",
    "check_construction",
    "check_grid",
    "check_grid_or_steps",
    "check_images",
    "check_maps",
    "check_masks",
    "check_rule",
    "check_rules",
    "check_sample",
    "check_taus",
    "check_thresholds",
    "check_weights",
    "frozen_grid",
    "image_volumes",
    "kernel_dimensions",
    "map_bytes",
    "nan_error",
]
