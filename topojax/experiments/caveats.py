"""What a reader must know before the scores."""

from __future__ import annotations

from collections.abc import Mapping

from topojax.data import SplitName
from topojax.defects import scored_rows
from topojax.models import map_shapes
from topojax.pipeline import FittedTopoCAM, Reading
from topojax.runs import Calibration

RESUMED = "the run was resumed; the timing is of its last part alone"

# With fewer, one more image that is decided wrongly moves the temperature.
_FEW_IMAGES = 100


def warnings(fitted: FittedTopoCAM, readings: Mapping[SplitName, Reading]) -> tuple[str, ...]:
    """Return what is unusual about the fitted method and what it read; sentences."""
    return (*_of_the_maps(fitted), *_of_the_backbone(fitted), *_of_the_rois(fitted, readings))


def calibration_warnings(calibration: Calibration, n: int) -> tuple[str, ...]:
    """Return what speaks against the temperature, learnt on n validation images; sentences."""
    found = []
    if n < _FEW_IMAGES:
        found.append(
            f"the temperature, {calibration.temperature:.2f}, was learnt on {n} validation images "
            f"alone, fewer than {_FEW_IMAGES}; calibrated probabilities are uncertain"
        )
    before, after = calibration.test.before.log_loss, calibration.test.after.log_loss
    if after > before:
        found.append(
            f"the temperature, {calibration.temperature:.2f}, makes the test split's log loss "
            f"worse: {after:.3f} instead of {before:.3f}"
        )
    return tuple(found)


def _of_the_maps(fitted: FittedTopoCAM) -> list[str]:
    shapes = map_shapes(fitted.config.backbone.name, fitted.spatial_shape)
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
    found = []
    for name, reading in readings.items():
        if reading.empty.any():
            kept = scored_rows(fitted.config, reading.empty).all()
            fate = "kept, with the map's maximum as ROI" if kept else "left out of all scores"
            found.append(
                f"{int(reading.empty.sum())} of {len(reading.empty)} {name} images gave an empty "
                f"ROI; they are {fate}"
            )
    return found
