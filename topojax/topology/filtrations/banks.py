"""Named banks of filtrations."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from types import MappingProxyType


def _scale_space(spatial_dims: int) -> tuple[str, ...]:
    # Spots are dark or bright, and what encloses one sort is not the other. The smoothed images
    # from above say what they say from below, in the other construction and with other dimensions.
    smoothed = ("intensity", "gaussian:1", "gaussian:2", "gaussian:3")
    spots = ("log:1", "-log:1", "log:2", "-log:2", "log:3", "-log:3")
    return (*smoothed, *spots, "gradient:1", "gradient:2")


def _shape(spatial_dims: int) -> tuple[str, ...]:
    # Each direction's opposite is among them, so that a minus sign would add nothing. From below
    # `distance` grows from the object's core outwards, and `radial` from its middle; from above
    # `-radial` sees tips first, and `-distance` is dual to `distance` where the grid is whole.
    steps = itertools.product((-1, 0, 1), repeat=spatial_dims)
    heights = (f"height:{','.join(map(str, step))}" for step in steps if any(step))
    return ("distance", "radial", *heights)


BANKS: Mapping[str, Callable[[int], tuple[str, ...]]] = MappingProxyType(
    {
        "intensity": lambda spatial_dims: ("intensity",),
        "scale-space": _scale_space,
        "shape": _shape,
    }
)
"""From the name of a bank to its members, which depend on the number of spatial axes."""
