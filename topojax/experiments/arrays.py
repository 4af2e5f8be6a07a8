"""What a run saw and tried, as the arrays of its `features.npz`."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from topojax.data import SPLITS, Dataset, Split, SplitName
from topojax.defects import explain
from topojax.pipeline import Fit, FittedTopoCAM, Reading
from topojax.runs import Examples, RunArrays, SplitFeatures, TestCurves, Tried
from topojax.search import decode_rules, objective_score

_EXAMPLES_PER_CLASS = 3


def run_arrays(fit: Fit, dataset: Dataset, readings: Mapping[SplitName, Reading]) -> RunArrays:
    """Collect what the fitted method reads in the three splits, and what its search tried."""
    test = readings["test"]
    return RunArrays(
        splits={name: _features(dataset.split(name), readings[name]) for name in SPLITS},
        curves=_curves(fit.fitted, test),
        probabilities=test.by_method,
        tried=_tried(fit),
        examples=_examples(fit.fitted, dataset.test, test),
    )


def _curves(fitted: FittedTopoCAM, test: Reading) -> dict[str, TestCurves]:
    whole = test.whole.normalised_curves()
    return {
        name: TestCurves(fitted.grids[name], rois, whole[name])
        for name, rois in test.curves().items()
    }


def _features(split: Split, reading: Reading) -> SplitFeatures:
    return SplitFeatures(
        labels=split.labels,
        descriptors=reading.matrix(),
        roi_voxels=reading.voxels(),
        roi_empty=reading.empty,
    )


def _tried(fit: Fit) -> Tried | None:
    config, search = fit.fitted.config, fit.search.evolution
    if search is None:
        return None
    genes = search.genes.reshape(-1, search.genes.shape[-1])
    weights, taus = decode_rules(genes, len(config.cam.layers), config.search)
    scores = [objective_score(config.search.objective, one) for one in search.fitness.ravel()]
    return Tried(weights, taus, np.array(scores))


def _examples(fitted: FittedTopoCAM, test: Split, reading: Reading) -> Examples:
    """Return the first images of each class, not chosen by their result."""
    index = np.concatenate(
        [np.flatnonzero(test.labels == c)[:_EXAMPLES_PER_CLASS] for c in np.unique(test.labels)]
    )
    shown = explain(fitted, test.images, index.tolist())
    return Examples(
        images=test.images[index],
        masks=shown.masks,
        fused=shown.fused.astype(np.float32),
        labels=test.labels[index],
        predicted=reading.probabilities[index].argmax(axis=1),
        index=index,
    )
