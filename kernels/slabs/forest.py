"""Components of a growing set, of a volume that is read in slabs.

The components of {level <= t} are as many as it has voxels, less the edges of weight <= t in a
minimum spanning forest, where an edge weighs the larger level of its ends (Kruskal 1956). All
minimum spanning forests have as many edges of each weight. A further slab puts edges of the forest
out only along paths between voxels that it touches, and of such a path only the heaviest edge: of
all that was read before, it is enough to keep the forest of the last plane's voxels under the
heaviest edges between them, one fewer than there are voxels, and to count all other edges.

The outside, where it takes part, is one more vertex that every slab touches.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..compiling import entry, inner
from ..tree.disjoint_set import find


class KeptEdges(NamedTuple):
    """Edges between voxels of the last plane that was read, by increasing weight.

    Attributes:
        ends: int32 (m, 2), places in the padded plane; its size is the outside.
        weights: uint16 (m,).
    """

    ends: np.ndarray
    weights: np.ndarray


NO_EDGES = KeptEdges(np.empty((0, 2), np.int32), np.empty(0, np.uint16))


class Sides(NamedTuple):
    """What a slab is next to.

    Attributes:
        has_before: its plane 0 is the last one of the slab before.
        is_last: no slab follows.
    """

    has_before: bool
    is_last: bool


def steps(full: bool, shape: tuple[int, ...]) -> np.ndarray:
    """Return how far the 26 neighbours are in memory, or the 6 that share a face, int64 (n,).

    Args:
        full: all 26.
        shape: of padded levels, (D, H, W).
    """
    every = np.indices((3, 3, 3)).reshape(3, -1).T - 1
    length = np.abs(every).sum(axis=1)
    chosen = every[(length > 0) if full else (length == 1)]
    return chosen @ np.array([shape[1] * shape[2], shape[2], 1], np.int64)


@entry
def join_slab(
    levels: np.ndarray,
    kept: KeptEdges,
    sides: Sides,
    neighbours: np.ndarray,
    has_outside: bool,
    counts: np.ndarray,
) -> KeptEdges:
    """Count the forest's edges that no further slab can put out, and return the others.

    Args:
        levels: uint16 (D + 2, H + 2, W + 2), with a border of level N; voxels of that are never
            there.
        kept: of the slabs before.
        sides: of this one.
        neighbours: `steps`.
        has_outside: whether voxels at the volume's border are joined to the outside.
        counts: int64 (N,), edges by weight; added to.
    """
    n_levels, n, plane = counts.size, levels.size, levels.shape[1] * levels.shape[2]
    flat = levels.reshape(n)
    order, starts = _by_level(flat, n_levels)
    # The outside is the last vertex of both.
    parents = np.arange(n + 1).astype(np.int32)
    # Of each root a voxel of the new last plane that it reaches, by its place there.
    reached = np.full(n + 1, -1, np.int32)
    for i in range(plane):
        reached[n - 2 * plane + i] = i
    reached[n] = plane
    ends, weights = np.empty((plane, 2), np.int32), np.empty(plane, np.uint16)
    n_kept, next_kept = 0, 0
    # In the plane before, pairs were joined with it.
    fresh = 2 * plane if sides.has_before else 0
    for level in range(n_levels):
        while next_kept < kept.weights.size and kept.weights[next_kept] == level:
            a, b = kept.ends[next_kept, 0], kept.ends[next_kept, 1]
            a, b = (n if a == plane else a + plane), (n if b == plane else b + plane)
            n_kept = _join(a, b, level, parents, reached, ends, weights, n_kept, counts)
            next_kept += 1
        for voxel in order[starts[level] : starts[level + 1]]:
            if has_outside and voxel >= fresh and _at_border(voxel, levels.shape, sides.is_last):
                n_kept = _join(n, voxel, level, parents, reached, ends, weights, n_kept, counts)
            for step in neighbours:
                other = voxel + step
                if voxel < fresh and other < fresh:
                    continue
                is_earlier = flat[other] < level or (flat[other] == level and other < voxel)
                # Most neighbours hang directly below one root, so that one look is enough.
                if is_earlier and parents[other] != parents[voxel]:
                    n_kept = _join(
                        voxel, other, level, parents, reached, ends, weights, n_kept, counts
                    )
    return KeptEdges(ends[:n_kept].copy(), weights[:n_kept].copy())


@inner
def _at_border(voxel: int, shape: tuple[int, int, int], is_last: bool) -> bool:
    """Tell whether a voxel is at the border of the volume, whose padding has no voxels."""
    plane = shape[1] * shape[2]
    z = voxel // plane
    y = (voxel - z * plane) // shape[2]
    x = voxel - z * plane - y * shape[2]
    at_side = y == 1 or y == shape[1] - 2 or x == 1 or x == shape[2] - 2
    return at_side or z == 1 or (z == shape[0] - 2 and is_last)


@inner
def _join(
    a: int,
    b: int,
    level: int,
    parents: np.ndarray,
    reached: np.ndarray,
    ends: np.ndarray,
    weights: np.ndarray,
    n_kept: int,
    counts: np.ndarray,
) -> int:
    """Join two vertices; keep the edge where both sides reach the last plane, else count it."""
    of_a, of_b = find(parents, a), find(parents, b)
    parents[a], parents[b] = of_a, of_b
    a, b = of_a, of_b
    if a == b:
        return n_kept
    if reached[a] >= 0 and reached[b] >= 0:
        ends[n_kept, 0], ends[n_kept, 1], weights[n_kept] = reached[a], reached[b], level
        n_kept += 1
    else:
        counts[level] += 1
    # A voxel that has just come hangs below what was there: the other way round, paths grow long.
    parents[a] = parents[b] = b
    reached[b] = max(reached[a], reached[b])
    return n_kept


@inner
def _by_level(flat: np.ndarray, n_levels: int) -> tuple[np.ndarray, np.ndarray]:
    """Return voxels by increasing level below N, and where each level starts."""
    starts = np.zeros(n_levels + 2, np.int64)
    for i in range(flat.size):
        starts[flat[i] + 1] += 1
    for level in range(n_levels):
        starts[level + 1] += starts[level]
    order, place = np.empty(starts[n_levels], np.int32), starts.copy()
    for i in range(flat.size):
        if flat[i] < n_levels:
            order[place[flat[i]]] = i
            place[flat[i]] += 1
    return order, starts
