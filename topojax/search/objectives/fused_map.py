"""The AUC of the fused map itself (paper, section 3): no ROI, no topology, no classifier."""

from __future__ import annotations

import numpy as np

from topojax.evaluation import rank_aucs
from topojax.kernels.roi.flatness import is_flat
from topojax.kernels.threads import check_threads, map_in_threads
from topojax.search.objectives.registry import Candidates, Task

# Fused values of all candidates at so many voxels stay in the cache.
_VALUES_AT_A_TIME = 2**18


def map_auc(candidates: Candidates, task: Task) -> np.ndarray:
    """Return 1 - the AUC of the fused maps' means as scores.

    A map is of the class that the network predicts, whichever that is, so that the sign of the
    relation is open: max(AUC, 1 - AUC), one class against the rest, mean over the classes.
    """
    labels = task.labels
    classes = [1] if task.n_classes == 2 else range(task.n_classes)
    aucs = [rank_aucs(labels == c, candidates.features, candidates.kept) for c in classes]
    return 1.0 - np.mean([np.maximum(auc, 1.0 - auc) for auc in aucs], axis=0)


def fused_map_means(maps: np.ndarray, weights: np.ndarray, *, rescale: bool = True) -> np.ndarray:
    """Return the mean of every candidate's fused map of every image, float64 (P, n).

    The means of `topojax.cam.fuse_maps`, up to rounding, without a fused map ever held.

    Args:
        maps: (n, L, *spatial), float32 in [0, 1], or uint8 in units of 1/255.
        weights: float32 (P, L), not negative, not all zero.
        rescale: scale every fused map to [0, 1] before the mean.
    """
    unit = np.float32(1 / 255) if maps.dtype == np.uint8 else np.float32(1)
    given = np.asarray(weights, np.float32) * unit
    step = max(1, _VALUES_AT_A_TIME // len(given))

    def means(image: int) -> np.ndarray:
        layers = maps[image].reshape(maps.shape[1], -1)
        n_voxels = layers.shape[1]
        total = np.zeros(len(given))
        low, high = np.full(len(given), np.inf), np.full(len(given), -np.inf)
        for start in range(0, n_voxels, step):
            fused = given @ layers[:, start : start + step].astype(np.float32)
            total += fused.sum(axis=1)
            low, high = np.minimum(low, fused.min(axis=1)), np.maximum(high, fused.max(axis=1))
        mean = total / n_voxels
        if not rescale:
            return mean
        flat = is_flat(low, high)
        return np.where(flat, 0.0, (mean - low) / np.where(flat, 1.0, high - low))

    return np.stack(map_in_threads(means, range(len(maps)), check_threads(None)), axis=1)
