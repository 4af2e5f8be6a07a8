"""Vessel trees: tubes along a branching path, with or without a sac on the wall."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_TRUNK_RADIUS = 0.065
_CLEARANCE = 1.5
_ATTEMPTS = 200


@dataclass(frozen=True)
class _Segment:
    """A tube with round ends, in voxels."""

    start: np.ndarray
    end: np.ndarray
    radius: float


def vessel_tree(rng: np.random.Generator, size: int, dims: int, *, aneurysm: bool) -> np.ndarray:
    """Return the voxels of a trunk that splits in two, along any axis, bool (size,) * dims.

    The tree is contractible, which is checked on the voxels. The aneurysm is a ball on the trunk's
    wall of about twice the trunk's radius, clear of the branches.
    """
    grid = np.stack(np.meshgrid(*[np.arange(size, dtype=float)] * dims, indexing="ij"), axis=-1)
    for _ in range(_ATTEMPTS):
        segments = _branching(rng, size, dims)
        sac = _sac(rng, segments, size) if aneurysm else None
        if not _inside(segments, size) or (sac and not _sac_on_trunk_alone(segments, sac)):
            continue
        tubes = segments if sac is None else [*segments, sac]
        mask = np.any([_distance(grid, tube) <= tube.radius for tube in tubes], axis=0)
        # Tubes may touch, or enclose a voxel between them, by the rounding to the grid alone.
        if _is_contractible(mask):
            return _turned(rng, mask)
    raise RuntimeError(f"no contractible vessel tree in {_ATTEMPTS} attempts (size={size})")


def _branching(rng: np.random.Generator, size: int, dims: int) -> list[_Segment]:
    radius = max(1.6, _TRUNK_RADIUS * size * rng.uniform(0.9, 1.1))
    margin = radius + 1
    start = np.append(margin, rng.uniform(0.4, 0.6, dims - 1) * size)
    fork = np.append(rng.uniform(0.4, 0.5), rng.uniform(0.42, 0.58, dims - 1)) * size
    turn = rng.standard_normal(dims - 1)
    turn /= np.linalg.norm(turn)
    spread = rng.uniform(0.22, 0.3, 2) * size
    depth = rng.uniform(0.75, 0.88, 2) * size
    leaves = [
        np.append(depth[i], fork[1:] + sign * spread[i] * turn) for i, sign in enumerate((1, -1))
    ]
    branches = [_Segment(fork, leaf, max(1.4, 0.8 * radius)) for leaf in leaves]
    return [_Segment(start, fork, radius), *branches]


def _sac(rng: np.random.Generator, segments: list[_Segment], size: int) -> _Segment:
    trunk = segments[0]
    direction = trunk.end - trunk.start
    direction /= np.linalg.norm(direction)
    normal = rng.standard_normal(len(direction))
    normal -= (normal @ direction) * direction
    normal /= np.linalg.norm(normal)
    radius = rng.uniform(0.12, 0.15) * size
    root = trunk.start + rng.uniform(0.15, 0.5) * (trunk.end - trunk.start)
    centre = np.clip(root + 0.8 * radius * normal, radius + 1, size - 2 - radius)
    return _Segment(centre, centre, radius)


def _inside(segments: list[_Segment], size: int) -> bool:
    ends = np.array([end for s in segments for end in (s.start, s.end)])
    return bool(np.all(ends >= 2) and np.all(ends <= size - 3))


def _sac_on_trunk_alone(segments: list[_Segment], sac: _Segment) -> bool:
    trunk, *branches = segments
    at = sac.start[None]
    clear = all(
        _distance(at, branch)[0] > sac.radius + branch.radius + _CLEARANCE for branch in branches
    )
    return bool(_distance(at, trunk)[0] < sac.radius and clear)


def _turned(rng: np.random.Generator, mask: np.ndarray) -> np.ndarray:
    """Return the mask under a symmetry of the cube, which keeps its Betti numbers."""
    flipped = tuple(axis for axis in range(mask.ndim) if rng.random() < 0.5)
    return np.flip(mask.transpose(rng.permutation(mask.ndim)), flipped)


def _is_contractible(mask: np.ndarray) -> bool:
    # Here, so that reading data does not wait for numba.
    from topojax.kernels import betti_curves

    image = np.where(mask, np.float32(0), np.float32(1))
    betti = betti_curves(image, np.array([0.5]))[:, 0]
    return betti[0] == 1 and not betti[1:].any()


def _distance(points: np.ndarray, segment: _Segment) -> np.ndarray:
    """Return the distances of points (…, d) from the segment's axis."""
    along = segment.end - segment.start
    length = along @ along
    share = (points - segment.start) @ along / length if length > 0 else np.zeros(points.shape[:-1])
    nearest = segment.start + np.clip(share, 0, 1)[..., None] * along
    return np.linalg.norm(points - nearest, axis=-1)
