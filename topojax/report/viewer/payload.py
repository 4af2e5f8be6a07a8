"""One example image as JSON: arrays packed, so that a browser needs no computing with floats.

A voxel's place among the thresholds says all that is asked of it: it is in the ROI at stop k of τ
if its level exceeds k, and has entered at a threshold t if its rank does not exceed that of t. Both
are integers, and exact.
"""

from __future__ import annotations

import base64
import zlib
from typing import Any

import numpy as np

from topojax.report.figures.examples import displayable
from topojax.runs import Examples, ExampleTopology, LastingBars


def example_payload(
    examples: Examples, topology: ExampleTopology, bars: LastingBars | None, row: int
) -> dict[str, Any]:
    """Return one example as JSON values; images become volumes of one slice."""
    spatial = examples.fused.shape[1:]
    picture = displayable(examples.images[row], len(spatial))
    grids, ranks = threshold_ranks(topology.thresholds[row])
    entered = np.searchsorted(grids, topology.values[row].astype(np.float64), "left")
    return {
        "shape": [1] * (3 - len(spatial)) + list(spatial),
        "channels": 1 if picture.ndim == len(spatial) else 3,
        "picture": packed(np.round(picture * 255).astype(np.uint8)),
        "levels": packed(roi_levels(examples.fused[row], topology.taus[row])),
        "ranks": packed(_smallest(entered, len(grids))),
        "bytes": _smallest(entered, len(grids)).itemsize,
        "own": int(np.abs(topology.taus[row] - topology.own_tau[row]).argmin()),
        "taus": topology.taus[row].tolist(),
        "voxels": topology.voxels[row].tolist(),
        "thresholds": grids.tolist(),
        "places": ranks.tolist(),
        "curves": packed(topology.curves[row].astype("<i4")),
        "dims": topology.curves.shape[2],
        "bars": [] if bars is None else _bars(bars, row, spatial),
    }


def roi_levels(fused: np.ndarray, taus: np.ndarray) -> np.ndarray:
    """Return at how many of T stops each voxel is in the ROI, uint8 of the map's shape.

    ROIs shrink as τ grows, so that a voxel is in that of stop k if it is in more than k of them.

    Args:
        fused: the fused map, float32.
        taus: float64 (T,), increasing, T at most 255.
    """
    cuts = np.minimum(taus.astype(np.float32), fused.max())
    return np.searchsorted(cuts, fused, "right").astype(np.uint8)


def threshold_ranks(thresholds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the distinct thresholds, increasing, and each one's place among them.

    Args:
        thresholds: float64 (T, N); one row is enough where all are equal.

    Returns:
        float64 (U,), and integers (1, N) or (T, N).
    """
    rows = thresholds[:1] if (thresholds == thresholds[0]).all() else thresholds
    grids, ranks = np.unique(rows, return_inverse=True)
    return grids, ranks.reshape(rows.shape)


def packed(array: np.ndarray) -> str:
    """Return the bytes of an array in C order, compressed by zlib, as base64."""
    return base64.b64encode(zlib.compress(array.tobytes(), 9)).decode("ascii")


def _smallest(ranks: np.ndarray, most: int) -> np.ndarray:
    return ranks.astype(np.min_scalar_type(most).newbyteorder("<"))


def _bars(bars: LastingBars, row: int, spatial: tuple[int, ...]) -> list[dict[str, Any]]:
    chosen = np.flatnonzero(bars.example == row)
    return [
        {
            "dim": int(bars.dim[i]),
            "ends": [float(end) if np.isfinite(end) else None for end in bars.ends[i]],
            "voxels": [_place(int(voxel), spatial) for voxel in bars.voxels[i]],
        }
        for i in chosen
    ]


def _place(voxel: int, spatial: tuple[int, ...]) -> list[int] | None:
    if voxel < 0:
        return None
    return [0] * (3 - len(spatial)) + [int(x) for x in np.unravel_index(voxel, spatial)]
