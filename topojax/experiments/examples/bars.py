"""The longest bars of single images on their ROIs, and the voxels where they begin and end.

Our kernels give dimensions 0 and d - 1 with their voxels. Dimension 1 of volumes is GUDHI's, an
extra: where it is not installed, or the ROI's box is too large for it, that is said instead.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import NamedTuple

import numpy as np

from topojax.config import TopologyConfig
from topojax.kernels import persistence_pairs
from topojax.runs import LastingBars

_PER_DIMENSION = 5
# 64^3: GUDHI takes 3 s for a volume of noise.
_MOST_VOXELS = 2**18

_NO_GUDHI = "needs GUDHI when the run is made: pip install 'topojax[diagrams]'"
_TOO_LARGE = f"the box around the ROI has more than {_MOST_VOXELS} voxels, too many for GUDHI"


class _Bars(NamedTuple):
    """Births and deaths float64 (n, 2), and their voxels int64 (n, 2); no death: inf, -1."""

    ends: np.ndarray
    voxels: np.ndarray


def lasting_bars(values: np.ndarray, masks: np.ndarray, config: TopologyConfig) -> LastingBars:
    """Return the five longest bars of each dimension of m images on their ROIs.

    Args:
        values: what is filtered, float32 (m, *spatial).
        masks: the ROIs, bool (m, *spatial).
        config: construction and background.
    """
    n_dims = values.ndim - 1
    counts = np.full((len(values), n_dims), -1)
    missing = np.full((len(values), n_dims), "", dtype=f"U{len(_TOO_LARGE) + len(_NO_GUDHI)}")
    rows = []
    for i, (image, mask) in enumerate(zip(values, masks, strict=True)):
        cells, inside = _complex(image, mask, config)
        for dim in range(n_dims):
            missing[i, dim] = _why_missing(dim, inside)
            if not missing[i, dim]:
                bars = _bars(cells, inside, dim, config)
                counts[i, dim] = len(bars.ends)
                longest = _longest_first(bars)[:_PER_DIMENSION]
                rows.append((np.full(len(longest), i), np.full(len(longest), dim), bars, longest))
    return LastingBars(
        example=_joined([of for of, _, _, _ in rows], np.int64, ()),
        dim=_joined([dim for _, dim, _, _ in rows], np.int64, ()),
        ends=_joined([bars.ends[longest] for _, _, bars, longest in rows], np.float64, (2,)),
        voxels=_joined([bars.voxels[longest] for _, _, bars, longest in rows], np.int64, (2,)),
        counts=counts,
        missing=missing,
    )


def _complex(
    image: np.ndarray, mask: np.ndarray, config: TopologyConfig
) -> tuple[np.ndarray, np.ndarray]:
    """Return the values of the complex and which voxels it has, as the descriptor sees them."""
    if config.background == "exclude":
        return image, mask
    return np.where(mask, image, image.dtype.type(0)), np.ones_like(mask)


def _why_missing(dim: int, inside: np.ndarray) -> str:
    """Return why a dimension's bars are not computed, or nothing where they are."""
    if dim in (0, inside.ndim - 1):
        return ""
    if find_spec("gudhi") is None:
        return _NO_GUDHI
    return _TOO_LARGE if inside[_box(inside)].size > _MOST_VOXELS else ""


def _bars(image: np.ndarray, mask: np.ndarray, dim: int, config: TopologyConfig) -> _Bars:
    if dim not in (0, image.ndim - 1):
        return _gudhi_bars(image, mask, dim, config)
    ends, born, died = persistence_pairs(image, dim, mask=mask, construction=config.construction)
    return _Bars(ends, np.stack([born, died], axis=1))


def _gudhi_bars(image: np.ndarray, mask: np.ndarray, dim: int, config: TopologyConfig) -> _Bars:
    import gudhi

    box = _box(mask)
    cells = np.where(mask[box], image[box], np.inf).astype(np.float64)
    if config.construction == "T":
        found = gudhi.CubicalComplex(top_dimensional_cells=cells)
        found.compute_persistence(homology_coeff_field=2, min_persistence=0)
        by_dimension = found.cofaces_of_persistence_pairs()[0]
    else:
        found = gudhi.CubicalComplex(vertices=cells)
        found.compute_persistence(homology_coeff_field=2, min_persistence=0)
        by_dimension = found.vertices_of_persistence_pairs()[0]
    # GUDHI leaves out the last dimensions where they have no bar.
    pairs = by_dimension[dim] if dim < len(by_dimension) else np.empty((0, 2), np.int64)
    # Its flat indices are in Fortran's order.
    places = np.unravel_index(pairs, cells.shape, order="F")
    ends = cells[places]
    shifted = [place + side.start for place, side in zip(places, box, strict=True)]
    voxels = np.ravel_multi_index(shifted, image.shape)
    voxels[:, 1] = np.where(np.isinf(ends[:, 1]), -1, voxels[:, 1])
    return _Bars(ends, voxels)


def _box(mask: np.ndarray) -> tuple[slice, ...]:
    places = np.argwhere(mask)
    low, high = places.min(axis=0), places.max(axis=0) + 1
    return tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))


def _longest_first(bars: _Bars) -> np.ndarray:
    """Return places of the bars by falling length, those of equal length by birth and voxel."""
    lengths = bars.ends[:, 1] - bars.ends[:, 0]
    return np.lexsort((bars.voxels[:, 0], bars.ends[:, 0], -lengths))


def _joined(parts: list[np.ndarray], dtype: type, shape: tuple[int, ...]) -> np.ndarray:
    return np.concatenate([np.empty((0, *shape), dtype), *parts]).astype(dtype)
