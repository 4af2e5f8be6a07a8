"""What a reader must know before the scores."""

from __future__ import annotations

from collections.abc import Mapping

from topojax.data import SplitName
from topojax.defects import scored_rows
from topojax.models import map_shapes
from topojax.pipeline import FittedTopoCAM, Reading

RESUMED = "the run was resumed; the timing is of its last part alone"


def warnings(fitted: FittedTopoCAM, readings: Mapping[SplitName, Reading]) -> tuple[str, ...]:
    """Return what is unusual about the fitted method and what it read; sentences."""
    return (*_of_the_maps(fitted), *_of_the_backbone(fitted), *_of_the_rois(fitted, readings))


def _of_the_maps(fitted: FittedTopoCAM) -> list[str]:
    shapes = map_shapes(fitted.network.backbone.name, fitted.spatial_shape)
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
