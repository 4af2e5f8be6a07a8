"""Connected components of masks on the device."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Int32

from topojax.topology.device.arguments import check_mask
from topojax.topology.device.batching import for_one_and_many
from topojax.topology.device.tree.lattice import Lattice
from topojax.topology.device.tree.merge_tree import last_roots, merge_tree
from topojax.topology.device.tree.neighbourhood import Neighbourhood
from topojax.topology.device.tree.order import ABSENT, order_of_levels

_CONNECTIVITIES = {4: (2, False), 8: (2, True), 6: (3, False), 26: (3, True)}


def connected_components(
    mask: Any, connectivity: int | None = None
) -> tuple[Int32[Array, "..."], Int32[Array, ""]]:
    """Label the connected components of a mask.

    Under `jit` and `vmap`, on any device; the labels of `scipy.ndimage.label`.

    Args:
        mask: bool, (H, W) or (D, H, W).
        connectivity: 4 or 8 neighbours in the plane, 6 or 26 in space; None: 8 or 26.

    Returns:
        labels: int32, the mask's shape: 0 outside the mask, and 1, 2, … in the order in which
            components have their first voxel, row by row.
        n: int32 (), their number.

    Raises:
        TypeError: a mask that is not bool.
        ValueError: another number of axes, or a connectivity that they do not have.

    Example:
        >>> import numpy as np
        >>> from topojax.topology.device import connected_components
        >>> labels, n = connected_components(np.array([[1, 0, 0], [0, 1, 0], [0, 0, 0]], bool), 4)
        >>> labels.tolist(), int(n)
        ([[1, 0, 0], [0, 2, 0], [0, 0, 0]], 2)
    """
    shape = np.shape(mask)
    if len(shape) not in (2, 3):
        raise ValueError(f"mask has shape {shape}; expected (H, W) or (D, H, W)")
    if connectivity is None:
        connectivity = 8 if len(shape) == 2 else 26
    dims, full = _CONNECTIVITIES.get(connectivity, (0, False))
    if dims != len(shape):
        known = [number for number, (axes, _) in _CONNECTIVITIES.items() if axes == len(shape)]
        raise ValueError(
            f"connectivity={connectivity}; expected {known[0]} or {known[1]} for {len(shape)} axes"
        )
    labels, n = _one(full)(check_mask(mask, shape))
    return labels, n


@lru_cache
def _one(full: bool) -> Any:
    return for_one_and_many(partial(_label, full))


def _label(
    full: bool, mask: Bool[Array, "B *shape"]
) -> tuple[Int32[Array, "B *shape"], Int32[Array, " B"]]:
    lattice = Lattice(mask.shape[1:])
    order = order_of_levels(lattice.pad(jnp.where(mask, 0, 1), 1), 1)
    tree = merge_tree(order, lattice, Neighbourhood(mask.ndim - 1, full))
    survives = tree.is_root & (tree.death == ABSENT)
    number = jnp.cumsum(survives, axis=1, dtype=jnp.int32)
    root = last_roots(order, tree)
    label = jnp.take_along_axis(number, order.place(root), axis=1)
    return lattice.crop(jnp.where(root == ABSENT, 0, label)), number[:, -1]
