"""What is made of maps under one rule: regions, descriptors, and a classifier's AUC."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from topojax.config import TopologyConfig
from topojax.evaluation import auc_score
from topojax.experiments.bench.cam.storages import Rule
from topojax.topology import describe, fixed_grid

FOLDS = 5
FOLD_SEEDS = (0, 1, 2)
TOPOLOGY = TopologyConfig()


def regions(maps: np.ndarray, rule: Rule) -> np.ndarray:
    """Return the ROIs, bool (n, *spatial), of maps float32 (n, L, *spatial) in [0, 1]."""
    axes = tuple(range(1, maps.ndim - 1))
    fused = np.zeros_like(maps[:, 0])
    for layer, weight in enumerate(rule.weights):
        fused += np.float32(weight) * maps[:, layer]
    low, high = fused.min(axes, keepdims=True), fused.max(axes, keepdims=True)
    extent = high - low
    flat = extent <= 1e-6 * high
    fused = np.where(flat, np.float32(0), (fused - low) / np.where(flat, np.float32(1), extent))
    above = fused >= np.float32(rule.tau)
    empty = ~above.any(axes, keepdims=True)
    return np.where(empty, fused == fused.max(axes, keepdims=True), above)


@dataclass(frozen=True)
class Read:
    """What is made of the maps under one rule: ROIs, Betti curves, sizes, AUC by fold seed."""

    masks: np.ndarray
    curves: np.ndarray
    voxels: np.ndarray
    aucs: np.ndarray


def read(maps: np.ndarray, rule: Rule, grey: np.ndarray, labels: np.ndarray) -> Read:
    """Return what is made of maps (n, L, *spatial) of grey images (n, *spatial)."""
    masks = regions(maps, rule)
    grid = fixed_grid(grey, TOPOLOGY.n_thresholds)
    found = describe(grey, masks, grid, TOPOLOGY)
    return Read(masks, found.curves, found.voxels, cross_validated(found.matrix(), labels))


def cross_validated(features: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the AUC of a logistic regression, of all folds together, by seed of the folds."""
    classifier = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=1000))
    aucs = []
    # Several threads on matrices as small as these take ten times as long on a busy machine.
    with threadpool_limits(1):
        for seed in FOLD_SEEDS:
            folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
            options = {"cv": folds, "method": "predict_proba"}
            predicted = cross_val_predict(classifier, features, labels, **options)
            aucs.append(auc_score(labels, predicted))
    return np.array(aucs)
