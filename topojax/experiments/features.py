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
from topojax.pipeline.filtration import filtered_images, learn_filtered_grid
from topojax.topology import BettiDescriptors, describe, feature_names


@dataclass(frozen=True)
class Features:
    """Descriptors φ, float32 (n, d·N + 1), the names of their columns, and the grid if shared."""

    matrix: np.ndarray
    names: tuple[str, ...]
    thresholds: np.ndarray | None


def roi_features(fitted: FittedTopoCAM, images: np.ndarray) -> Features:
    """Return the descriptors of images on the ROIs of a fitted method."""
    return _features(fitted.read(images, progress=True).descriptors, fitted.grid)


def whole_image_features(found: ImageSet, config: TopologyConfig) -> Features:
    """Return the descriptors of whole images (the paper's Topo-Original)."""
    values = filtered_images(found.images, found.spatial_dims, config)
    grid = learn_filtered_grid(values, config)
    return _features(describe(values, np.ones(values.shape, bool), grid, config), grid)


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


def _features(descriptors: BettiDescriptors, grid: np.ndarray | None) -> Features:
    _, n_dims, n_thresholds = descriptors.curves.shape
    return Features(descriptors.matrix(), feature_names(n_dims, n_thresholds), grid)
