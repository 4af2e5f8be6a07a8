"""One run: fit on train, choose on val, then score test once, and report."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from topojax.config import Config
from topojax.data import SPLITS, Dataset, validate_dataset
from topojax.data.dataset import Split
from topojax.defects import (
    explain,
    fit_method,
    read_split,
    save_method,
    scored_rows,
    why_meaningless,
)
from topojax.errors import DataError
from topojax.experiments.comparison import (
    LEAST_OF_A_CLASS,
    calibration,
    check_scorable,
    comparisons,
    split_scores,
)
from topojax.experiments.environment import describe_environment
from topojax.experiments.run_folder import RunFolder, check_run, open_run
from topojax.models import map_shapes
from topojax.pipeline import (
    BACKBONE,
    Fit,
    FittedTopoCAM,
    Reading,
    Stopwatch,
    plan_fit,
)
from topojax.report import build_report
from topojax.search import decode_rules, objective_score

_EXAMPLES_PER_CLASS = 3


def fit_run(
    dataset: Dataset,
    config: Config,
    path: Path,
    *,
    overwrite: bool = False,
    resume: bool = False,
    progress: bool = False,
) -> Path:
    """Fit, score and report; return the path of the report.

    A complete run that is resumed is left as it is.

    Raises:
        DataError, ConfigError, WeightsError, RunError: before any training, with nothing left.
    """
    validate_dataset(dataset)
    for name in SPLITS:
        check_scorable(dataset.split(name).labels, dataset.class_names, name=f"the {name} split")
    plan = plan_fit(
        config, dataset.train, dataset.class_names, dataset.spatial_dims, progress=progress
    )
    config = plan.config
    check_run(path, overwrite=overwrite, resume=resume)
    folder = open_run(
        path,
        config.model_dump(mode="json"),
        describe_environment(dataset, config.seed),
        overwrite=overwrite,
        resume=resume,
    )
    if folder.is_complete():
        return path / "report.html"
    plan = plan.kept_in(folder.progress, folder.log)
    fit = fit_method(plan, dataset.train, dataset.val)
    if folder.model.exists():
        shutil.rmtree(folder.model)
    save_method(fit.fitted, folder.model)
    watch = Stopwatch(folder.log)
    with watch.stage("evaluation", "test images, for the first time"):
        # Everything is fixed by now: the test images are looked at for the first time here.
        folder.log("test_read")
        test = read_split(fit.fitted, dataset.test, progress=progress)
        readings = {"train": fit.train, "val": fit.val, "test": test}
        metrics = _metrics(fit, dataset, readings, config)
    metrics["timing"] = fit.seconds | watch.seconds
    metrics["warnings"] = _warnings(fit, readings, resumed=resume)
    metrics["meaningless"] = list(why_meaningless(config, readings.values()))
    _write(folder, fit, dataset, readings, metrics)
    report = build_report(path)
    folder.log("finished")
    shutil.rmtree(folder.progress, ignore_errors=True)
    return report


def _metrics(
    fit: Fit, dataset: Dataset, readings: dict[str, Reading], config: Config
) -> dict[str, Any]:
    scored = {name: _scored(config, dataset.split(name), readings[name]) for name in SPLITS}

    def scores(probabilities: Callable[[Reading], np.ndarray]) -> dict[str, Any]:
        return {
            name: split_scores(config, name, labels, probabilities(reading))
            for name, (labels, reading) in scored.items()
        }

    features, temperature = config.classifier.features, fit.fitted.temperature
    return {
        "topocam": scores(lambda reading: reading.probabilities),
        "backbone": scores(lambda reading: reading.by_method[BACKBONE]),
        "comparisons": comparisons(config, "test", *scored["test"]),
        "calibration": {
            "temperature": temperature,
            "used": config.classifier.calibrate,
            **{name: calibration(features, temperature, *scored[name]) for name in ("val", "test")},
        },
        "fusion": _fusion(fit, config),
        "roi": {name: _coverage(fit.fitted, reading) for name, reading in readings.items()},
        "backbone_training": {
            "best_epoch": fit.fitted.network.backbone.best_epoch,
            "history": [vars(record) for record in fit.fitted.network.backbone.history],
        },
    }


def _scored(config: Config, split: Split, reading: Reading) -> tuple[np.ndarray, Reading]:
    """Return the labels and readings that scores are of: all, unless empty ROIs are dropped.

    Raises:
        DataError: what is left lacks a class.
    """
    rows = scored_rows(config, reading.empty)
    left = np.bincount(split.labels[rows], minlength=reading.probabilities.shape[1])
    if left.min() < LEAST_OF_A_CLASS:
        raise DataError(
            f"topology.empty_roi='drop' leaves {left.min()} images of class {left.argmin()} in a "
            f"split ({int((~rows).sum())} of {len(rows)} ROIs are empty), too few to score; keep "
            "them with topology.empty_roi='keep' or lower search.tau"
        )
    return split.labels[rows], reading.rows(rows)


def _fusion(fit: Fit, config: Config) -> dict[str, Any]:
    rule, evolution = fit.fitted.rule, fit.search.evolution
    history = evolution.history if evolution else ()
    return {
        "weights": rule.by_layer(config.cam.layers),
        "tau": rule.tau,
        "method": config.search.method,
        "objective": config.search.objective,
        "searches": fit.n_searches,
        "fitness": fit.search_score,
        "history": [
            {
                "generation": r.generation,
                "best": objective_score(config.search.objective, r.best),
                "mean": objective_score(config.search.objective, r.mean),
            }
            for r in history
        ],
    }


def _coverage(fitted: FittedTopoCAM, reading: Reading) -> dict[str, Any]:
    coverage = reading.descriptors.voxels / np.prod(fitted.spatial_shape)
    return {
        "n": len(coverage),
        "empty": int(reading.empty.sum()),
        "dropped": int(reading.empty.sum()) if fitted.config.topology.empty_roi == "drop" else 0,
        "coverage_mean": float(coverage.mean()),
        "coverage_median": float(np.median(coverage)),
    }


def _warnings(fit: Fit, readings: dict[str, Reading], *, resumed: bool) -> list[str]:
    fitted = fit.fitted
    shapes = map_shapes(fitted.network.backbone.name, fitted.spatial_shape)
    found = [
        f"{layer}'s map is one cell at {fitted.spatial_shape}: it is flat and adds nothing"
        for layer in fitted.config.cam.layers
        if set(shapes[layer]) == {1}
    ]
    if fitted.config.backbone.weights is None:
        found.append("the backbone was trained from scratch, the paper's from pretrained weights")
    drop = fitted.config.topology.empty_roi == "drop"
    fate = "left out of all scores" if drop else "kept, with the map's maximum as ROI"
    found += [
        f"{int(reading.empty.sum())} of {len(reading.empty)} {name} images gave an empty ROI; "
        f"they are {fate}"
        for name, reading in readings.items()
        if reading.empty.any()
    ]
    if resumed:
        found.append("the run was resumed; the timing is of its last part alone")
    return found


def _write(
    folder: RunFolder,
    fit: Fit,
    dataset: Dataset,
    readings: dict[str, Reading],
    metrics: dict[str, Any],
) -> None:
    fitted = fit.fitted
    arrays: dict[str, np.ndarray] = {}
    for name in SPLITS:
        reading = readings[name]
        folder.write_predictions(name, reading.probabilities)
        arrays |= {
            f"{name}_labels": dataset.split(name).labels,
            f"{name}_descriptors": reading.descriptors.matrix(),
            f"{name}_roi_voxels": reading.descriptors.voxels,
            f"{name}_roi_empty": reading.empty,
        }
    if fitted.grid is not None:
        arrays["thresholds"] = fitted.grid
    arrays["test_curves"] = readings["test"].descriptors.normalised_curves()
    arrays["test_curves_full"] = readings["test"].whole.normalised_curves()
    for name, found in readings["test"].by_method.items():
        arrays[f"test_{name.replace('-', '_')}_probabilities"] = found
    arrays |= _rules_tried(fit)
    arrays |= _examples(fitted, dataset.test, readings["test"])
    folder.write_npz("features.npz", arrays)
    folder.write_json("metrics.json", metrics)


def _rules_tried(fit: Fit) -> dict[str, np.ndarray]:
    """Return every rule that the search tried, with its score: weights, thresholds, scores."""
    config, search = fit.fitted.config, fit.search.evolution
    if search is None:
        return {}
    genes = search.genes.reshape(-1, search.genes.shape[-1])
    weights, taus = decode_rules(genes, len(config.cam.layers), config.search)
    scores = [objective_score(config.search.objective, one) for one in search.fitness.ravel()]
    return {
        "search_weights": weights,
        "search_taus": taus,
        "search_scores": np.array(scores),
    }


def _examples(fitted: FittedTopoCAM, test: Split, reading: Reading) -> dict[str, np.ndarray]:
    index = np.concatenate(
        [np.flatnonzero(test.labels == c)[:_EXAMPLES_PER_CLASS] for c in np.unique(test.labels)]
    )
    shown = explain(fitted, test.images, index.tolist())
    return {
        "example_images": test.images[index],
        "example_masks": shown.masks,
        "example_fused": shown.fused.astype(np.float32),
        "example_labels": test.labels[index],
        "example_predicted": reading.probabilities[index].argmax(axis=1),
        "example_index": index,
    }
