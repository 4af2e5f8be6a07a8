"""What a reader must know before the scores: warnings, and why scores mean nothing."""

from __future__ import annotations

from collections.abc import Mapping

from topojax.config import Config
from topojax.data import SplitName
from topojax.models import map_shapes
from topojax.pipeline import FittedTopoCAM, Reading
from topojax.search import find_objective

RESUMED = "the run was resumed; the timing is of its last part alone"


def warnings(fitted: FittedTopoCAM, readings: Mapping[SplitName, Reading]) -> tuple[str, ...]:
    """Return what is unusual about the fitted method and what it read; sentences."""
    return (*_of_the_maps(fitted), *_of_the_backbone(fitted), *_of_the_rois(fitted, readings))


def meaningless(config: Config, readings: Mapping[SplitName, Reading]) -> tuple[str, ...]:
    """Return why the scores mean nothing: one clause a defect of what was asked for."""
    reasons = []
    if config.cam.target == "label":
        reasons.append(
            "the maps are of the true class, so that the label of every image, of the test split "
            "too, decides its ROI"
        )
    if defect := find_objective(config.search.objective).defect:
        reasons.append(defect)
    if config.topology.empty_roi == "drop":
        dropped = sum(int(reading.empty.sum()) for reading in readings.values())
        reasons.append(
            f"images whose ROI is empty are dropped, from the test split too ({dropped} in all "
            "splits), so that the scores are not of the whole data set"
        )
    return tuple(reasons)


def _of_the_maps(fitted: FittedTopoCAM) -> list[str]:
    shapes = map_shapes(fitted.backbone.name, fitted.spatial_shape)
    return [
        f"{layer}'s map is one cell at {fitted.spatial_shape}: it is flat and adds nothing"
        for layer in fitted.config.cam.layers
        if set(shapes[layer]) == {1}
    ]


def _of_the_backbone(fitted: FittedTopoCAM) -> list[str]:
    if fitted.config.backbone.weights is not None:
        return []
    return ["the backbone was trained from scratch, the paper's from pretrained weights"]


def _of_the_rois(fitted: FittedTopoCAM, readings: Mapping[SplitName, Reading]) -> list[str]:
    drop = fitted.config.topology.empty_roi == "drop"
    fate = "left out of all scores" if drop else "kept, with the map's maximum as ROI"
    return [
        f"{int(reading.empty.sum())} of {len(reading.empty)} {name} images gave an empty ROI; "
        f"they are {fate}"
        for name, reading in readings.items()
        if reading.empty.any()
    ]
