"""Descriptors as a file, for classifiers and statistics elsewhere."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from topojax.errors import ConfigError
from topojax.files import write_atomically
from topojax.runs.arrays import numbered
from topojax.topology.filtered_images import Grids


@dataclass(frozen=True)
class Features:
    """Descriptors φ, float32 (n, n_features), the names of their columns, and grids.

    Attributes:
        images: names of the images' files; none of images that come in arrays.
    """

    matrix: np.ndarray
    names: tuple[str, ...]
    grids: Grids
    images: tuple[str, ...] = ()


def check_feature_file(path: Path) -> None:
    """Raise ConfigError unless the file's ending is one that can be written."""
    if path.suffix not in (".npz", ".csv"):
        raise ConfigError(f"--output {path} ends in {path.suffix!r}; expected .npz or .csv")


def write_features(features: Features, path: Path) -> None:
    """Write an npz file (`descriptors`, `names`, `thresholds`) or a CSV table with a header.

    The thresholds of a bank's second filtration are `thresholds_1`, and so on. Images of files are
    named in `paths`, or in the table's first column, which else is the index.
    """
    if path.suffix == ".csv":
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["path" if features.images else "index", *features.names])
        places = features.images or range(len(features.matrix))
        writer.writerows(
            [place, *row] for place, row in zip(places, features.matrix.tolist(), strict=True)
        )
        write_atomically(path, text.getvalue().encode())
        return
    arrays = {"descriptors": features.matrix, "names": np.array(features.names)}
    if features.images:
        arrays["paths"] = np.array(features.images)
    for number, grid in enumerate(features.grids.values()):
        if grid is not None:
            arrays[numbered("thresholds", number)] = grid
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    write_atomically(path, buffer.getvalue())
