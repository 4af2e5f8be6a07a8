"""Descriptors of images as a file, for classifiers and statistics elsewhere."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from topojax.config import TopologyConfig
from topojax.data import ImageSet
from topojax.errors import ConfigError
from topojax.files import write_atomically
from topojax.pipeline import FittedTopoCAM
from topojax.runs.arrays import numbered
from topojax.topology import (
    describe_bank,
    expand_filtrations,
    grey_images,
    learn_filtered_images,
)
from topojax.topology.filtered_images import Grids


@dataclass(frozen=True)
class Features:
    """Descriptors φ, float32 (n, n_features), the names of their columns, and grids."""

    matrix: np.ndarray
    names: tuple[str, ...]
    grids: Grids


def roi_features(fitted: FittedTopoCAM, images: np.ndarray) -> Features:
    """Return the descriptors of images on the ROIs of a fitted method."""
    reading = fitted.read(images, progress=True)
    return Features(reading.matrix(), reading.whole.feature_names(), fitted.grids)


def whole_image_features(found: ImageSet, config: TopologyConfig) -> Features:
    """Return the descriptors of whole images (the paper's Topo-Original)."""
    names = expand_filtrations(config.filtrations, found.spatial_dims)
    config = config.model_copy(update={"filtrations": names})
    grey = grey_images(found.images, found.spatial_dims)
    images = learn_filtered_images(grey, config, progress=True)
    described = describe_bank(images, np.ones(grey.shape, bool), config)
    return Features(described.matrix(), described.feature_names(), images.grids)


def check_feature_file(path: Path) -> None:
    """Raise ConfigError unless the file's ending is one that can be written."""
    if path.suffix not in (".npz", ".csv"):
        raise ConfigError(f"--output {path} ends in {path.suffix!r}; expected .npz or .csv")


def write_features(features: Features, path: Path) -> None:
    """Write an npz file (`descriptors`, `names`, `thresholds`) or a CSV table with a header.

    The thresholds of a bank's second filtration are `thresholds_1`, and so on.
    """
    if path.suffix == ".csv":
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["index", *features.names])
        writer.writerows([i, *row] for i, row in enumerate(features.matrix.tolist()))
        write_atomically(path, text.getvalue().encode())
        return
    arrays = {"descriptors": features.matrix, "names": np.array(features.names)}
    for number, grid in enumerate(features.grids.values()):
        if grid is not None:
            arrays[numbered("thresholds", number)] = grid
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    write_atomically(path, buffer.getvalue())
