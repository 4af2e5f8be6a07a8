"""One run: fit on train, choose on val, then score test once, and report."""

from __future__ import annotations

import shutil
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from topojax.config import Config
from topojax.data import SPLITS, Dataset, validate_dataset
from topojax.data.dataset import Split
from topojax.evaluation import score
from topojax.experiments.environment import describe_environment
from topojax.experiments.run_folder import RunFolder, check_run, open_run
from topojax.models import map_shapes
from topojax.pipeline import (
    Fit,
    FittedTopoCAM,
    Reading,
    Stopwatch,
    check_fit,
    explain_images,
    fit_topocam,
    read_images,
    save_fitted,
    settle,
)
from topojax.report import build_report
from topojax.topology import describe, filtration_image

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
    config = settle(config, dataset.spatial_dims)
    check_fit(config, dataset.train, dataset.class_names, dataset.spatial_dims)
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
    fit = fit_topocam(
        config,
        dataset.train,
        dataset.val,
        dataset.class_names,
        dataset.spatial_dims,
        folder=folder.progress,
        progress=progress,
        log=folder.log,
    )
    if folder.model.exists():
        shutil.rmtree(folder.model)
    save_fitted(fit.fitted, folder.model)
    watch = Stopwatch(folder.log)
    with watch.stage("evaluation", "validation and test images, for the first time"):
        readings = _read_splits(fit, dataset, folder, progress=progress)
        metrics = _metrics(fit, dataset, readings, config)
    metrics["timing"] = fit.seconds | watch.seconds
    metrics["warnings"] = _warnings(fit, readings, resumed=resume)
    _write(folder, fit.fitted, dataset, readings, metrics)
    report = build_report(path)
    folder.log("finished")
    shutil.rmtree(folder.progress, ignore_errors=True)
    return report


def _read_splits(
    fit: Fit, dataset: Dataset, folder: RunFolder, *, progress: bool
) -> dict[str, Reading]:
    val = read_images(fit.fitted, dataset.val.images, progress=progress)
    # Everything is fixed by now: the test images are looked at for the first time here.
    folder.log("test_read")
    test = read_images(fit.fitted, dataset.test.images, progress=progress)
    return {"train": fit.train, "val": val, "test": test}


def _metrics(
    fit: Fit, dataset: Dataset, readings: dict[str, Reading], config: Config
) -> dict[str, Any]:
    def scores(split: str, probabilities: np.ndarray) -> dict[str, Any]:
        rng = np.random.default_rng((config.seed, zlib.crc32(split.encode())))
        labels = dataset.split(split).labels
        return score(
            labels,
            probabilities,
            rng=rng,
            n_bootstrap=config.evaluation.n_bootstrap,
            level=config.evaluation.level,
        ).to_json()

    genome, evolution = fit.fitted.genome, fit.evolution
    return {
        "topocam": {name: scores(name, r.probabilities) for name, r in readings.items()},
        "backbone": {name: scores(name, r.backbone_probabilities) for name, r in readings.items()},
        "fusion": {
            "weights": dict(zip(config.cam.layers, genome.weights.tolist(), strict=True)),
            "tau": genome.tau,
            "objective": config.search.objective,
            "fitness": 1.0 - evolution.best_fitness,
            "history": [
                {"generation": r.generation, "best": 1.0 - r.best, "mean": 1.0 - r.mean}
                for r in evolution.history
            ],
        },
        "roi": {name: _coverage(fit.fitted, reading) for name, reading in readings.items()},
        "backbone_training": {
            "best_epoch": fit.fitted.backbone.best_epoch,
            "history": [vars(record) for record in fit.fitted.backbone.history],
        },
    }


def _coverage(fitted: FittedTopoCAM, reading: Reading) -> dict[str, Any]:
    coverage = reading.descriptors.voxels / np.prod(fitted.spatial_shape)
    return {
        "n": len(coverage),
        "empty": int(reading.empty.sum()),
        "coverage_mean": float(coverage.mean()),
        "coverage_median": float(np.median(coverage)),
    }


def _warnings(fit: Fit, readings: dict[str, Reading], *, resumed: bool) -> list[str]:
    fitted = fit.fitted
    shapes = map_shapes(fitted.backbone.name, fitted.spatial_shape)
    found = [
        f"{layer}'s map is one cell at {fitted.spatial_shape}: it is flat and adds nothing"
        for layer in fitted.config.cam.layers
        if set(shapes[layer]) == {1}
    ]
    if fitted.config.backbone.weights is None:
        found.append("the backbone was trained from scratch, the paper's from pretrained weights")
    for name, reading in readings.items():
        if reading.empty.any():
            found.append(
                f"{int(reading.empty.sum())} of {len(reading.empty)} {name} images gave an empty "
                "ROI (a flat map); they are kept, with the map's maximum as ROI"
            )
    if resumed:
        found.append("the run was resumed; the timing is of its last part alone")
    return found


def _write(
    folder: RunFolder,
    fitted: FittedTopoCAM,
    dataset: Dataset,
    readings: dict[str, Reading],
    metrics: dict[str, Any],
) -> None:
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
    arrays["test_curves_full"] = _full_image_curves(fitted, dataset.test.images)
    arrays["test_backbone_probabilities"] = readings["test"].backbone_probabilities
    arrays |= _examples(fitted, dataset.test, readings["test"])
    folder.write_npz("features.npz", arrays)
    folder.write_json("metrics.json", metrics)


def _full_image_curves(fitted: FittedTopoCAM, images: np.ndarray) -> np.ndarray:
    grey = filtration_image(images, fitted.spatial_dims)
    everywhere = np.ones(grey.shape, bool)
    return describe(grey, everywhere, fitted.grid, fitted.config.topology).normalised_curves()


def _examples(fitted: FittedTopoCAM, test: Split, reading: Reading) -> dict[str, np.ndarray]:
    index = np.concatenate(
        [np.flatnonzero(test.labels == c)[:_EXAMPLES_PER_CLASS] for c in np.unique(test.labels)]
    )
    shown = explain_images(fitted, test.images[index])
    return {
        "example_images": test.images[index],
        "example_masks": shown.masks,
        "example_fused": shown.fused.astype(np.float32),
        "example_labels": test.labels[index],
        "example_predicted": reading.probabilities[index].argmax(axis=1),
        "example_index": index,
    }
