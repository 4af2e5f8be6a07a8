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
from topojax.topology import (
    BettiDescriptors,
    describe,
    feature_names,
    filtration_image,
    learn_grid,
)


@dataclass(frozen=True)
class Features:
    """Descriptors φ, float32 (n, d·N + 1), the names of their columns, and the grid if shared."""

    matrix: np.ndarray
    names: tuple[str, ...]
    thresholds: np.ndarray | None


def roi_features(fitted: FittedTopoCAM, images: np.ndarray) -> Features:
    """Return the descriptors of images on the ROIs of a fitted method."""
    reading = fitted.read(images, progress=True)
    return Features(reading.matrix(), _names(reading.whole), fitted.grid)


def whole_image_features(found: ImageSet, config: TopologyConfig) -> Features:
    """Return the descriptors of whole images (the paper's Topo-Original)."""
    grey = filtration_image(found.images, found.spatial_dims, config.filtration)
    grid = learn_grid(grey, config)
    described = describe(grey, np.ones(grey.shape, bool), grid, config)
    return Features(described.matrix(), _names(described), grid)


def check_feature_file(path: Path) -> None:
    """Raise ConfigError unless the file's ending is one that can be written."""
    if path.suffix not in (".npz", ".csv"):
        raise ConfigError(f"--output {path} ends in {path.suffix!r}; expected .npz or .csv")


def write_features(features: Features, path: Path) -> None:
    """Write an npz file (`descriptors`, `names`, `thresholds`) or a CSV table with a header."""
    if path.suffix == ".csv":
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["index", *features.names])
        writer.writerows([i, *row] for i, row in enumerate(features.matrix.tolist()))
        write_atomically(path, text.getvalue().encode())
        return
    arrays = {"descriptors": features.matrix, "names": np.array(features.names)}
    if features.thresholds is not None:
        arrays["thresholds"] = features.thresholds
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    write_atomically(path, buffer.getvalue())


def _names(descriptors: BettiDescriptors) -> tuple[str, ...]:
    _, n_dims, n_thresholds = descriptors.curves.shape
    return feature_names(n_dims, n_thresholds)
