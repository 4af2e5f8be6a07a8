"""How far what is made of stored maps is from what float32 gives."""

from __future__ import annotations

from typing import Any

import numpy as np

from topojax.experiments.bench.cam.reading import Read, read
from topojax.experiments.bench.cam.storages import RULES, STORAGES


def difference(found: Read, wanted: Read) -> dict[str, Any]:
    """Return how far what was read from stored maps is from what float32 gives."""
    axes = tuple(range(1, found.masks.ndim))
    both = np.count_nonzero(found.masks & wanted.masks, axes)
    jaccard = both / np.count_nonzero(found.masks | wanted.masks, axes)
    size = np.abs(found.voxels - wanted.voxels) / wanted.voxels
    axes = (1, 2)
    betti = np.abs(found.curves - wanted.curves).sum(axes) / wanted.curves.sum(axes)
    return {
        "jaccard": {"mean": float(jaccard.mean()), "worst": float(jaccard.min())},
        "same": float((jaccard == 1).mean()),
        "size": {"mean": float(size.mean()), "worst": float(size.max())},
        "betti": {"mean": float(betti.mean()), "worst": float(betti.max())},
        "auc": (found.aucs - wanted.aucs).tolist(),
    }


def compare(maps: np.ndarray, grey: np.ndarray, labels: np.ndarray) -> dict[str, Any]:
    """Return the AUCs of float32 by rule and fold seed, and the differences by storage and rule."""
    wanted = [read(maps, rule, grey, labels) for rule in RULES]
    differences = {}
    for storage in STORAGES:
        kept = storage.read_back(maps)
        differences[storage.name] = [
            difference(read(kept, rule, grey, labels), of_float32)
            for rule, of_float32 in zip(RULES, wanted, strict=True)
        ]
    return {"auc": [one.aucs.tolist() for one in wanted], "differences": differences}
