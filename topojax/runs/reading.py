"""A finished run: all files of its folder, checked against each other."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from topojax.config import EvaluationConfig
from topojax.data import SPLITS, SplitName
from topojax.errors import DataError, RunError
from topojax.evaluation.scores import checked
from topojax.runs import arrays as archive
from topojax.runs.arrays import RunArrays, numbered, probabilities_key
from topojax.runs.damage import broken
from topojax.runs.environment import Environment
from topojax.runs.folder import CONFIG_NAME
from topojax.runs.metrics import Metrics
from topojax.runs.predictions import predictions_path, read_predictions
from topojax.runs.record import read_json


@dataclass(frozen=True)
class Run:
    """What a finished run has left.

    Attributes:
        config: sections of the configuration, as the version that wrote them named them.
        probabilities: split to TopoCAM's probabilities (n, K), calibrated if the run says so.
    """

    config: dict[str, Any]
    environment: Environment
    metrics: Metrics
    arrays: RunArrays
    probabilities: dict[SplitName, np.ndarray]

    @property
    def preset(self) -> str:
        """The preset that the configuration started from."""
        return self.config.get("preset", "unnamed")

    @property
    def features(self) -> str:
        """What the method's classifier is trained on."""
        return self.config.get("classifier", {}).get("features", "topology")

    @property
    def n_networks(self) -> int:
        """How many networks were trained on folds, 1 where there are none."""
        return self.config.get("cam", {}).get("folds", 1)

    @property
    def calibration_bins(self) -> int:
        """Into how many bins confidences are sorted."""
        usual = EvaluationConfig().calibration_bins
        return self.config.get("evaluation", {}).get("calibration_bins", usual)

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of the classes, in the order of the labels."""
        return self.environment.data.class_names

    @property
    def labels(self) -> dict[SplitName, np.ndarray]:
        """Split to integers (n,)."""
        return {name: self.arrays.splits[name].labels for name in SPLITS}


def load_run(folder: Path) -> Run:
    """Read the folder of a finished run.

    Raises:
        RunError: a file is missing, cannot be read, or does not fit the others.
    """
    if not folder.is_dir():
        raise RunError(f"run folder {folder} is missing; give the folder that `topojax fit` wrote")
    run = Run(
        config=read_json(folder / CONFIG_NAME),
        environment=Environment.read(folder),
        metrics=Metrics.read(folder),
        arrays=RunArrays.read(folder),
        probabilities={name: read_predictions(folder, name) for name in SPLITS},
    )
    _check_examples(folder, run)
    _check_probabilities(folder, run)
    _check_curves(folder, run)
    return run


def _check_examples(folder: Path, run: Run) -> None:
    path, examples = folder / archive.FILE_NAME, run.arrays.examples
    n_dims, n_classes = run.environment.data.spatial_dims + 1, len(run.class_names)
    for key, maps in (("masks", examples.masks), ("fused", examples.fused)):
        if maps.ndim != n_dims:
            raise broken(path, f"example_{key} has {maps.ndim} dimensions, expected {n_dims}")
    shape, images = examples.masks.shape, examples.images.shape
    if examples.fused.shape != shape or images[: len(shape)] != shape:
        raise broken(path, f"example images {images} and masks {shape} differ in shape")
    if any(len(of) != shape[0] for of in (examples.labels, examples.predicted, examples.index)):
        raise broken(path, f"example labels are not {shape[0]}, one an image")
    for labels in (examples.labels, examples.predicted):
        if not np.isin(labels, np.arange(n_classes)).all():
            raise broken(path, f"example labels exceed {n_classes} classes")


def _check_probabilities(folder: Path, run: Run) -> None:
    n_classes = len(run.class_names)
    for split in SPLITS:
        path = predictions_path(folder, split)
        _check_scored(path, run.labels[split], run.probabilities[split], n_classes)
    path = folder / archive.FILE_NAME
    for method in (*run.metrics.comparisons, run.features):
        if method not in run.arrays.probabilities:
            raise broken(path, f"it lacks {probabilities_key(method)}")
    for found in run.arrays.probabilities.values():
        _check_scored(path, run.labels["test"], found, n_classes)


def _check_scored(
    path: Path, labels: np.ndarray, probabilities: np.ndarray, n_classes: int
) -> None:
    if probabilities.shape != (len(labels), n_classes):
        expected = (len(labels), n_classes)
        raise broken(path, f"probabilities have shape {probabilities.shape}, expected {expected}")
    try:
        checked(labels, probabilities)
    except DataError as error:
        raise broken(path, str(error)) from None


def _check_curves(folder: Path, run: Run) -> None:
    path = folder / archive.FILE_NAME
    for number, found in enumerate(run.arrays.curves.values()):
        curves, grid = found.rois.shape, found.thresholds
        keys = [numbered(key, number) for key in ("test_curves", "test_curves_full", "thresholds")]
        if len(curves) != 3:
            raise broken(path, f"{keys[0]} has {len(curves)} dimensions, expected 3")
        shapes = (curves, found.whole.shape, None if grid is None else grid.shape)
        wanted = ((len(run.labels["test"]), *curves[1:]), curves, curves[-1:])
        for key, shape, expected in zip(keys, shapes, wanted, strict=True):
            if shape is not None and shape != expected:
                raise broken(path, f"{key} has shape {shape}, expected {expected}")
