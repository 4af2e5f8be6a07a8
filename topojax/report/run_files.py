"""What the report reads: the files of one run folder, checked against each other."""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from pydantic import BaseModel, ValidationError

from topojax.errors import DataError, RunError
from topojax.evaluation.scores import checked
from topojax.report.run_records import SPLITS, Environment, Metrics

_Record = TypeVar("_Record", bound=BaseModel)


@dataclass(frozen=True)
class Examples:
    """Some test images.

    Attributes:
        images: (m, *spatial) or (m, *spatial, C).
        masks: bool (m, *spatial); the ROIs.
        fused: float (m, *spatial) in [0, 1]; the fused class activation maps.
        labels, predicted: integers (m,).
        index: integers (m,); places in the test split.
    """

    images: np.ndarray
    masks: np.ndarray
    fused: np.ndarray
    labels: np.ndarray
    predicted: np.ndarray
    index: np.ndarray


@dataclass(frozen=True)
class Tried:
    """Every ROI rule that the search tried.

    Attributes:
        weights: float (m, L), of the layers in the configuration's order.
        taus: float (m,).
        scores: float (m,), higher is better; NaN or infinite where there was none.
    """

    weights: np.ndarray
    taus: np.ndarray
    scores: np.ndarray


@dataclass(frozen=True)
class RunFiles:
    """A run folder.

    Attributes:
        config: sections of the configuration.
        labels: split to integers (n,).
        probabilities: split to TopoCAM's probabilities (n, K).
        by_method: method to its probabilities (n, K) on test, before any calibration.
        curves: (n, d, N), test Betti curves over ROI voxels.
        full_curves: (n, d, N), test Betti curves of whole images over all voxels.
        thresholds: (N,), or None where each image has its own grid.
        tried: what the search tried, or None where nothing was searched for.
    """

    config: dict[str, Any]
    environment: Environment
    metrics: Metrics
    labels: dict[str, np.ndarray]
    probabilities: dict[str, np.ndarray]
    by_method: dict[str, np.ndarray]
    curves: np.ndarray
    full_curves: np.ndarray
    thresholds: np.ndarray | None
    tried: Tried | None
    examples: Examples

    @property
    def features(self) -> str:
        """What the method's classifier is trained on."""
        return _own_features(self.config)

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of the classes, in the order of the labels."""
        return self.environment.data.class_names


def load_run(folder: Path) -> RunFiles:
    """Read a run folder.

    Raises:
        RunError: a file is missing, cannot be read, or does not fit the others.
    """
    if not folder.is_dir():
        raise RunError(f"run folder {folder} is missing; give the folder that `topojax fit` wrote")
    environment = _read_record(folder / "environment.json", Environment)
    metrics = _read_record(folder / "metrics.json", Metrics)
    features = _read_features(folder / "features.npz", environment.data.spatial_dims)
    for name in ("topocam", "backbone", "roi"):
        absent = [split for split in SPLITS if split not in getattr(metrics, name)]
        if absent:
            raise _broken(folder / "metrics.json", f"{name} lacks the {absent[0]} split")
    config = _read_json(folder / "config.json")
    for key in _method_keys(config, metrics):
        if key not in features:
            raise _broken(folder / "features.npz", f"it lacks {key}")
    run = RunFiles(
        config=config,
        environment=environment,
        metrics=metrics,
        labels={split: features[f"{split}_labels"] for split in SPLITS},
        probabilities={s: _read_predictions(folder / f"predictions_{s}.csv") for s in SPLITS},
        by_method={name: features[key] for key, name in _method_keys(config, metrics).items()},
        curves=features["test_curves"],
        full_curves=features["test_curves_full"],
        thresholds=features.get("thresholds"),
        tried=_tried(features),
        examples=Examples(**{key: features[f"example_{key}"] for key in _EXAMPLE_KEYS}),
    )
    _check_sizes(folder, run)
    return run


def _method_keys(config: dict[str, Any], metrics: Metrics) -> dict[str, str]:
    """Return the key of every method's probabilities in `features.npz`, with its name."""
    names = (*metrics.comparisons, _own_features(config))
    return {f"test_{name.replace('-', '_')}_probabilities": name for name in names}


def _own_features(config: dict[str, Any]) -> str:
    return config.get("classifier", {}).get("features", "topology")


def _tried(features: dict[str, np.ndarray]) -> Tried | None:
    if "search_scores" not in features:
        return None
    return Tried(features["search_weights"], features["search_taus"], features["search_scores"])


_EXAMPLE_KEYS = ("images", "masks", "fused", "labels", "predicted", "index")
_FEATURE_KEYS = (
    *(f"{split}_labels" for split in SPLITS),
    "test_curves",
    "test_curves_full",
    *(f"example_{key}" for key in _EXAMPLE_KEYS),
)


def _check_sizes(folder: Path, run: RunFiles) -> None:
    n_classes = len(run.class_names)
    for split in SPLITS:
        path = folder / f"predictions_{split}.csv"
        _check_scored(path, run.labels[split], run.probabilities[split], n_classes)
    for found in run.by_method.values():
        _check_scored(folder / "features.npz", run.labels["test"], found, n_classes)
    for labels in (run.examples.labels, run.examples.predicted):
        if not np.isin(labels, np.arange(n_classes)).all():
            raise _broken(folder / "features.npz", f"example labels exceed {n_classes} classes")
    n_test, n_thresholds = len(run.labels["test"]), run.curves.shape[-1]
    sizes = {
        "test_curves": (run.curves.shape, (n_test, *run.curves.shape[1:])),
        "test_curves_full": (run.full_curves.shape, run.curves.shape),
        "thresholds": (None if run.thresholds is None else run.thresholds.shape, (n_thresholds,)),
    }
    for key, (shape, expected) in sizes.items():
        if shape is not None and shape != expected:
            raise _broken(folder / "features.npz", f"{key} has shape {shape}, expected {expected}")


def _check_scored(
    path: Path, labels: np.ndarray, probabilities: np.ndarray, n_classes: int
) -> None:
    if probabilities.shape != (len(labels), n_classes):
        expected = (len(labels), n_classes)
        raise _broken(path, f"probabilities have shape {probabilities.shape}, expected {expected}")
    try:
        checked(labels, probabilities)
    except DataError as error:
        raise _broken(path, str(error)) from None


def _read_features(path: Path, spatial_dims: int) -> dict[str, np.ndarray]:
    try:
        with np.load(path, allow_pickle=False) as file:
            features = {key: file[key] for key in file.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise _unreadable(path, error) from None
    for key in _FEATURE_KEYS:
        if key not in features:
            raise _broken(path, f"it lacks {key}")
    n_dims = {
        "test_curves": 3,
        "example_masks": spatial_dims + 1,
        "example_fused": spatial_dims + 1,
    }
    for key, expected in n_dims.items():
        if features[key].ndim != expected:
            raise _broken(path, f"{key} has {features[key].ndim} dimensions, expected {expected}")
    shape = features["example_masks"].shape
    images = features["example_images"].shape
    if features["example_fused"].shape != shape or images[: len(shape)] != shape:
        raise _broken(path, f"example images {images} and masks {shape} differ in shape")
    if any(len(features[f"example_{key}"]) != shape[0] for key in ("labels", "predicted", "index")):
        raise _broken(path, f"example labels are not {shape[0]}, one an image")
    return features


def _read_predictions(path: Path) -> np.ndarray:
    try:
        text = path.read_text(encoding="utf-8")
        rows = [[float(cell) for cell in line.split(",")] for line in text.splitlines()]
        table = np.array(rows, dtype=np.float64).reshape(len(rows), -1)
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from None
    table = table[np.argsort(table[:, 0], kind="stable")] if table.size else table
    if not np.array_equal(table[:, :1].ravel(), np.arange(len(table))):
        raise _broken(path, "its first column is not the images' index 0 … n-1")
    return table[:, 1:]


def _read_record(path: Path, record: type[_Record]) -> _Record:
    try:
        return record.model_validate(_read_json(path))
    except ValidationError as error:
        problem = error.errors()[0]
        key = ".".join(str(part) for part in problem["loc"])
        raise _broken(path, f"{key}: {problem['msg']}") from None


def _read_json(path: Path) -> dict[str, Any]:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from None
    if not isinstance(values, dict):
        raise _broken(path, "it is not a JSON object")
    return values


def _unreadable(path: Path, error: Exception) -> RunError:
    if isinstance(error, FileNotFoundError):
        return RunError(f"{path} is missing; the run did not end, so resume it")
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    return RunError(f"{path} cannot be read: {reason}; fit into a new folder")


def _broken(path: Path, reason: str) -> RunError:
    return RunError(f"{path} does not hold a finished run: {reason}; fit into a new folder")
