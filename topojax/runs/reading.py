"""A finished run: all files of its folder, checked against each other."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from math import prod
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

from topojax.config import EvaluationConfig
from topojax.data import SPLITS, SplitName
from topojax.errors import DataError, RunError
from topojax.evaluation.scores import checked
from topojax.runs import arrays as archive
from topojax.runs.arrays import (
    Examples,
    ExampleTopology,
    LastingBars,
    RunArrays,
    numbered,
    probabilities_key,
)
from topojax.runs.damage import broken
from topojax.runs.environment import Environment
from topojax.runs.folder import CONFIG_NAME, RunFolder
from topojax.runs.metrics import Metrics
from topojax.runs.predictions import predictions_path, read_predictions
from topojax.runs.record import read_json


@dataclass(frozen=True)
class Run:
    """What a finished run has left.

    Attributes:
        config: sections of the configuration, as the version that wrote them named them.
        probabilities: split to TopoCAM's probabilities (n, K), calibrated if the run says so.
        folder: that it was read from, if it was.
    """

    config: dict[str, Any]
    environment: Environment
    metrics: Metrics
    arrays: RunArrays
    probabilities: dict[SplitName, np.ndarray]
    folder: Path | None = None

    def _repr_html_(self) -> str:
        """Return data, test scores and a link to the report, for notebooks."""
        data, environment = self.environment.data, self.environment
        facts = (
            f"TopoCAM on {data.name}: preset {self.preset}, seed {environment.seed}, "
            f"{len(data.class_names)} classes, topojax {environment.topojax}"
        )
        n_warnings = len(self.metrics.warnings)
        warned = f"; warnings: {n_warnings}" if n_warnings else ""
        return f"<p>{escape(facts + warned)}{self._link()}</p>{self.metrics._repr_html_()}"

    def _link(self) -> str:
        """Return a link to the report as a notebook of this process finds it; empty without one."""
        page = RunFolder(self.folder).report if self.folder is not None else None
        if page is None or not page.is_file():
            return ""
        address = page.as_uri() if page.is_absolute() else quote(page.as_posix())
        return f'; <a href="{escape(address)}">report</a>'

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
    def has_mean_maps(self) -> bool:
        """Whether maps of validation and test images are means over the networks."""
        return self.n_networks > 1 and self.config.get("cam", {}).get("unseen") != "one"

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
        folder=folder,
    )
    _check_examples(folder, run)
    _check_probabilities(folder, run)
    _check_curves(folder, run)
    return run


def _check_examples(folder: Path, run: Run) -> None:
    path, arrays = folder / archive.FILE_NAME, run.arrays
    n_dims, n_classes = run.environment.data.spatial_dims + 1, len(run.class_names)
    _check_images(path, "example", arrays.examples, n_dims, n_classes)
    if arrays.errors is not None:
        _check_images(path, "error", arrays.errors, n_dims, n_classes)
    if arrays.topology is not None:
        _check_topology(path, arrays.topology, arrays.examples.fused.shape)
    if arrays.bars is not None:
        _check_bars(path, arrays.bars, arrays.examples.fused.shape)
    n = len(run.labels["test"])
    if arrays.names is not None and arrays.names.shape != (n,):
        raise broken(path, f"test_names has shape {arrays.names.shape}, expected {(n,)}")


def _check_images(path: Path, prefix: str, images: Examples, n_dims: int, n_classes: int) -> None:
    for key, maps in (("masks", images.masks), ("fused", images.fused)):
        if maps.ndim != n_dims:
            raise broken(path, f"{prefix}_{key} has {maps.ndim} dimensions, expected {n_dims}")
    shape, of_images = images.masks.shape, images.images.shape
    if images.fused.shape != shape or of_images[: len(shape)] != shape:
        raise broken(path, f"{prefix} images {of_images} and masks {shape} differ in shape")
    if any(len(of) != shape[0] for of in (images.labels, images.predicted, images.index)):
        raise broken(path, f"{prefix} labels are not {shape[0]}, one an image")
    for labels in (images.labels, images.predicted):
        if not np.isin(labels, np.arange(n_classes)).all():
            raise broken(path, f"{prefix} labels exceed {n_classes} classes")


def _check_topology(path: Path, found: ExampleTopology, shape: tuple[int, ...]) -> None:
    m, n_dims, stops, grid = shape[0], len(shape) - 1, found.taus.shape[1:], found.thresholds.shape
    wanted = {
        "values": shape,
        "own_tau": (m,),
        "taus": (m, *stops[:1]),
        "voxels": (m, *stops),
        "thresholds": (m, *stops, *grid[2:3]),
        "curves": (m, *stops, n_dims, *grid[2:3]),
    }
    for key, expected in wanted.items():
        got = getattr(found, key).shape
        if got != expected:
            raise broken(path, f"topology_{key} has shape {got}, expected {expected}")


def _check_bars(path: Path, bars: LastingBars, shape: tuple[int, ...]) -> None:
    n, by_dimension = len(bars.ends), (shape[0], len(shape) - 1)
    wanted = {
        "example": (n,),
        "dim": (n,),
        "ends": (n, 2),
        "voxels": (n, 2),
        "counts": by_dimension,
        "missing": by_dimension,
    }
    for key, expected in wanted.items():
        got = getattr(bars, key).shape
        if got != expected:
            raise broken(path, f"bars_{key} has shape {got}, expected {expected}")
    if n and not (bars.example.min() >= 0 and bars.example.max() < shape[0]):
        raise broken(path, f"bars_example exceeds {shape[0]} examples")
    if n and not (bars.voxels.min() >= -1 and bars.voxels.max() < prod(shape[1:])):
        raise broken(path, f"bars_voxels exceeds the {prod(shape[1:])} voxels of an example")


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
