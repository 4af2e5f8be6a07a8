"""What a run saw and tried, as the arrays of its `features.npz`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields

import numpy as np

from topojax.data import SPLITS, Dataset, Split, SplitName
from topojax.defects import DefectiveTopoCAM, explain
from topojax.experiments.examples import (
    example_topology,
    first_of_each_class,
    lasting_bars,
    own_region,
    wrong_and_empty,
)
from topojax.pipeline import Fit, FittedTopoCAM, Reading
from topojax.runs import (
    Examples,
    ExampleTopology,
    LastingBars,
    RunArrays,
    SplitFeatures,
    TestCurves,
    Tried,
)
from topojax.search import decode_rules, objective_score
from topojax.topology import filtered_bank, grey_images


def run_arrays(fit: Fit, dataset: Dataset, readings: Mapping[SplitName, Reading]) -> RunArrays:
    """Collect what the fitted method reads in the three splits, and what its search tried."""
    test = readings["test"]
    first = first_of_each_class(dataset.test.labels)
    wrong = wrong_and_empty(dataset.test.labels, test.probabilities, test.empty)
    shown = _images(fit.fitted, dataset.test, test, np.concatenate([first, wrong]))
    examples = _rows(shown, slice(len(first)))
    topology, bars = _topology(fit.fitted, examples)
    return RunArrays(
        splits={name: _features(dataset.split(name), readings[name]) for name in SPLITS},
        curves=_curves(fit.fitted, test),
        probabilities=test.by_method,
        tried=_tried(fit),
        examples=examples,
        errors=_rows(shown, slice(len(first), None)),
        topology=topology,
        bars=bars,
        names=np.array(dataset.test.names) if dataset.test.names else None,
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


def _images(fitted: FittedTopoCAM, test: Split, reading: Reading, places: np.ndarray) -> Examples:
    """Return some of the test images with their maps and ROIs."""
    shown = explain(fitted, test.images, places.tolist())
    return Examples(
        images=test.images[places],
        masks=shown.masks,
        fused=shown.fused.astype(np.float32),
        labels=test.labels[places],
        predicted=reading.probabilities[places].argmax(axis=1),
        index=places,
    )


def _rows(images: Examples, rows: slice) -> Examples:
    return Examples(*(getattr(images, field.name)[rows] for field in fields(images)))


def _topology(fitted: FittedTopoCAM, examples: Examples) -> tuple[ExampleTopology, LastingBars]:
    """Return what the ROIs of the examples show under the bank's first filtration."""
    config, name = fitted.config.topology, next(iter(fitted.grids))
    grey = grey_images(examples.images, fitted.spatial_dims)
    ((_, values),) = filtered_bank(grey, [name])
    rules = fitted.rules if isinstance(fitted, DefectiveTopoCAM) else (fitted.rule,)
    own = np.array([rules[place % len(rules)].tau for place in examples.index])
    regions = [own_region(fused, tau) for fused, tau in zip(examples.fused, own, strict=True)]
    return (
        example_topology(values, examples.fused, own, fitted.grids[name], config),
        lasting_bars(values, np.stack(regions), config),
    )
