"""Betti curves by giotto-tda, for `peers.py`: one JSON line per image, timed here.

Runs in an environment of its own, since giotto-tda pins old releases of scikit-learn. Reads one
line per image, the folder that holds `values.npy` and `thresholds.npy`, until its input ends.
"""

from __future__ import annotations

import json
import sys
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
from bars import curves_of_rows
from gtda.homology import CubicalPersistence


def curves(values: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """Return the Betti curves in every dimension, (d, N)."""
    dimensions = tuple(range(values.ndim))
    diagrams = CubicalPersistence(
        homology_dimensions=dimensions, reduced_homology=False, infinity_values=np.inf
    ).fit_transform(values[np.newaxis])
    births, deaths, dimension = diagrams[0].T
    return curves_of_rows(dimension, births, deaths, dimensions, thresholds)


def main() -> None:
    """Answer with the version first, then with seconds and curves for every line read."""
    print(json.dumps({"version": version("giotto-tda")}), flush=True)
    for line in sys.stdin:
        folder = Path(line.rstrip("\n"))
        values, thresholds = np.load(folder / "values.npy"), np.load(folder / "thresholds.npy")
        start = time.perf_counter()
        answer = curves(values, thresholds)
        seconds = time.perf_counter() - start
        print(json.dumps({"seconds": seconds, "curves": answer.tolist()}), flush=True)


if __name__ == "__main__":
    main()
