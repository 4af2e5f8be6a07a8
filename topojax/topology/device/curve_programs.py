"""From what callers pass to curves over levels: the frame of Betti and Euler curves."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Bool, Int32, Num

from topojax.kernels.arguments import Construction, check_construction
from topojax.topology.device.apart import apart
from topojax.topology.device.arguments import check_image, check_levels, check_mask, has_nan
from topojax.topology.device.batching import for_one_and_many
from topojax.topology.device.levels import levels_of
from topojax.topology.device.tree.lattice import Lattice

CurvesOfLevels = Callable[[Lattice, Int32[Array, "B P"], int, bool], Int32[Array, "B ... N"]]
"""From lattice, levels, their number, which stands for absent, and whether voxels are cells."""


def curve(
    curves_of_levels: CurvesOfLevels,
    x: Any,
    thresholds: Any,
    mask: Any,
    construction: Construction,
) -> Array:
    """Return the curves of one image, checked; -1 everywhere for one with NaN inside `jit`.

    Raises:
        TypeError, ValueError: as `betti_curves`.
    """
    top = check_construction(construction)
    image = check_image(x)
    program = _program(curves_of_levels, top)
    return program(image, check_levels(thresholds, image.dtype), check_mask(mask, image.shape))


@lru_cache
def _program(curves_of_levels: CurvesOfLevels, top: bool) -> Any:
    return for_one_and_many(partial(_curves, curves_of_levels, top))


def _curves(
    curves_of_levels: CurvesOfLevels,
    top: bool,
    x: Num[Array, "B *shape"],
    thresholds: Num[Array, "B N"],
    mask: Bool[Array, "B *shape"],
) -> Int32[Array, "B ... N"]:
    lattice, n = Lattice(x.shape[1:]), thresholds.shape[1]
    levels = lattice.pad(apart(levels_of, x, thresholds, mask), n)
    curves = curves_of_levels(lattice, levels, n, top)
    is_bad = has_nan(x, mask).reshape(-1, *(1,) * (curves.ndim - 1))
    return jnp.where(is_bad, -1, curves)
