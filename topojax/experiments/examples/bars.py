"""The longest bars of single images on their ROIs, and the voxels where they begin and end."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from topojax.config import TopologyConfig
from topojax.kernels import persistence_pairs
from topojax.runs import LastingBars

_PER_DIMENSION = 5


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
    counts = np.empty((len(values), n_dims), np.int64)
    rows = []
    for i, (image, mask) in enumerate(zip(values, masks, strict=True)):
        cells, inside = _complex(image, mask, config)
        for dim in range(n_dims):
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
        missing=np.full(counts.shape, ""),
    )


def _complex(
    image: np.ndarray, mask: np.ndarray, config: TopologyConfig
) -> tuple[np.ndarray, np.ndarray]:
    """Return the values of the complex and which voxels it has, as the descriptor sees them."""
    if config.background == "exclude":
        return image, mask
    return np.where(mask, image, image.dtype.type(0)), np.ones_like(mask)


def _bars(image: np.ndarray, mask: np.ndarray, dim: int, config: TopologyConfig) -> _Bars:
    ends, born, died = persistence_pairs(image, dim, mask=mask, construction=config.construction)
    return _Bars(ends, np.stack([born, died], axis=1))


def _longest_first(bars: _Bars) -> np.ndarray:
    """Return places of the bars by falling length, those of equal length by birth and voxel."""
    lengths = bars.ends[:, 1] - bars.ends[:, 0]
    return np.lexsort((bars.voxels[:, 0], bars.ends[:, 0], -lengths))


def _joined(parts: list[np.ndarray], dtype: type, shape: tuple[int, ...]) -> np.ndarray:
    return np.concatenate([np.empty((0, *shape), dtype), *parts]).astype(dtype)
