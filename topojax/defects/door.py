"""The one door: the method, or what a configuration with defects asks for in its place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from topojax.config import Config
from topojax.data import Split
from topojax.defects.fit import fit_defective_on_maps, label_maps
from topojax.defects.method import DefectiveTopoCAM
from topojax.pipeline import (
    Explanation,
    Fit,
    FitPlan,
    FittedTopoCAM,
    Grounds,
    MapsOf,
    Reading,
    Stopwatch,
    class_maps,
    fit_on_maps,
    fit_topocam,
    load_fitted,
    prepare_grounds,
    save_fitted,
)
from topojax.pipeline.storage import load_rules
from topojax.search import find_objective


def shows_defects(config: Config) -> bool:
    """Tell whether a configuration asks for anything but the method."""
    return (
        config.cam.target == "label"
        or config.search.searches > 1
        or config.topology.empty_roi == "drop"
    )


def maps_of_split(config: Config) -> MapsOf:
    """Return what takes the maps of a split: of predicted classes, unless `cam.target=label`."""
    return label_maps if config.cam.target == "label" else class_maps


def fit_method(plan: FitPlan, train: Split, val: Split) -> Fit:
    """Fit by any configuration; see `topojax.pipeline.fit_topocam`."""
    if not shows_defects(plan.config):
        return fit_topocam(plan, train, val)
    watch = Stopwatch(plan.log)
    grounds = prepare_grounds(plan, train, val, maps_of_split(plan.config), watch)
    return fit_defective_on_maps(plan, grounds, watch)


def fit_method_on_maps(plan: FitPlan, grounds: Grounds, watch: Stopwatch | None = None) -> Fit:
    """Fit ROI rule, classifiers and temperature where the network and its maps are known.

    Raises:
        DataError: `topology.empty_roi=drop` leaves a class without a training image.
    """
    watch = watch or Stopwatch(plan.log)
    fit = fit_defective_on_maps if shows_defects(plan.config) else fit_on_maps
    return fit(plan, grounds, watch)


def read_split(fitted: FittedTopoCAM, split: Split, *, progress: bool = False) -> Reading:
    """Return what a method reads in a split; it sees no label unless it was fitted to leak."""
    if isinstance(fitted, DefectiveTopoCAM) and fitted.config.cam.target == "label":
        return fitted.read_labelled(split, progress=progress)
    return fitted.read(split.images, progress=progress)


def explain(fitted: FittedTopoCAM, images: np.ndarray, places: Sequence[int]) -> Explanation:
    """Return maps and ROIs of some of the images, each by the rule that reads it."""
    if isinstance(fitted, DefectiveTopoCAM):
        return fitted.explain_places(images, places)
    return fitted.explain(images[list(places)])


def scored_rows(config: Config, empty: np.ndarray) -> np.ndarray:
    """Return which images count, bool (n,): all, unless `topology.empty_roi=drop`.

    Args:
        config: of the method.
        empty: bool (n,); images whose ROI came out empty.
    """
    return ~empty if config.topology.empty_roi == "drop" else np.ones(len(empty), bool)


def why_meaningless(config: Config, readings: Iterable[Reading]) -> tuple[str, ...]:
    """Return why scores mean nothing: one sentence a defect of what was asked for.

    Args:
        config: of the method.
        readings: of all splits.
    """
    reasons = []
    if config.cam.target == "label":
        reasons.append(
            "the maps are of the true class, so that the label of every image, of the test split "
            "too, decides its ROI"
        )
    defect = find_objective(config.search.objective).defect
    if defect:
        reasons.append(defect)
    if config.topology.empty_roi == "drop":
        dropped = sum(int(reading.empty.sum()) for reading in readings)
        reasons.append(
            f"images whose ROI is empty are dropped, from the test split too ({dropped} in all "
            "splits), so that the scores are not of the whole data set"
        )
    return tuple(reasons)


def save_method(fitted: FittedTopoCAM, path: Path) -> None:
    """Write a fitted method into the new folder `path`, atomically.

    Raises:
        RunError: the folder exists, or cannot be made.
    """
    rules = fitted.rules if isinstance(fitted, DefectiveTopoCAM) else (fitted.rule,)
    save_fitted(fitted, path, rules)


def load_method(path: Path) -> FittedTopoCAM:
    """Read a fitted method from the folder that `save_method` wrote, or from a run folder.

    Raises:
        WeightsError: no checkpoint there, or one that is damaged or of another model.
    """
    fitted = load_fitted(path)
    if not shows_defects(fitted.config):
        return fitted
    return DefectiveTopoCAM(**vars(fitted), rules=load_rules(path))
