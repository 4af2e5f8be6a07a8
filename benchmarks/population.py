"""How much sooner is a whole population of ROI rules evaluated than one candidate after the other?

Times `roi_betti_curves` on 60 candidates and 64 volumes against the loop of `regions_of_interest`
and `betti_curves_batch` over the candidates, in turn. The volumes are binary masks of 28^3 voxels
like AdrenalMNIST3D's, made of smooth noise, or with --data a file's first training images. Curves
are compared before anything is timed.

    python benchmarks/population.py [--data FILE] [--images 64] [--candidates 60] [--repeats 7]
                                    [--output DIR]

Writes `population.json`, or `population_FILE.json` with --data.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numba
import numpy as np
from scipy.ndimage import zoom

from topojax.experiments.bench.machine import processor, processors
from topojax.experiments.bench.persistence import inputs
from topojax.experiments.bench.persistence.measurements import timed_in_turn
from topojax.kernels import (
    RoiBettiCurves,
    betti_curves_batch,
    regions_of_interest,
    roi_betti_curves,
)

RESULTS = Path(__file__).parent / "results"
WIDTH = 28
BACKGROUNDS = ("exclude", "zero")
# What r3d_18's layers 2 to 4 make of 28^3 voxels.
_MAPS = ((14, 7, 7), (7, 4, 4), (4, 2, 2))
_BUDGET = 60.0

Task = Callable[[], RoiBettiCurves]


def binary_volumes(n: int) -> np.ndarray:
    """Return where smooth noise exceeds its deviation, float32 (n, 28, 28, 28), 0 or 1."""
    volumes = [inputs.smooth((WIDTH,) * 3, inputs.SEED + i) for i in range(n)]
    return np.stack([(v > v.std()).astype(np.float32) for v in volumes])


def read_volumes(file: Path, n: int) -> np.ndarray:
    """Return the first training images of a data file in MedMNIST's form, float32."""
    with np.load(file) as data:
        return data["train_images"][:n].astype(np.float32)


def random_maps(shape: tuple[int, ...], n: int) -> np.ndarray:
    """Return random maps of three layers, enlarged linearly to `shape` and scaled, uint8."""
    rng = np.random.default_rng(inputs.SEED)
    maps = np.empty((n, len(_MAPS), *shape), np.uint8)
    for layers in maps:
        for layer, coarse in zip(layers, _MAPS, strict=True):
            factors = np.divide(shape, coarse)
            fine = zoom(rng.random(coarse), factors, order=1, mode="nearest", grid_mode=True)
            layer[...] = np.rint(255 * (fine - fine.min()) / np.ptp(fine))
    return maps


def one_by_one(
    images: np.ndarray,
    maps: np.ndarray,
    weights: np.ndarray,
    taus: np.ndarray,
    thresholds: np.ndarray,
    background: str,
    n_threads: int,
) -> RoiBettiCurves:
    """Evaluate one candidate after the other on all images."""
    found = []
    for weight, tau in zip(weights, taus, strict=True):
        masks, empty = regions_of_interest(maps, weight, tau, n_threads=n_threads)
        outside = background == "exclude"
        curves = betti_curves_batch(
            images if outside else np.where(masks, images, np.float32(0)),
            thresholds,
            masks=masks if outside else None,
            n_threads=n_threads,
        )
        found.append((curves, masks.reshape(len(masks), -1).sum(axis=1), empty))
    return RoiBettiCurves(*map(np.stack, zip(*found, strict=True)))


def check_equal(name: str, ours: Task, theirs: Task) -> RoiBettiCurves:
    """Return our result; stop where the two differ."""
    result, wanted = ours(), theirs()
    for field, one, other in zip(result._fields, result, wanted, strict=True):
        if not np.array_equal(one, other):
            raise SystemExit(f"{name}: {field} differ; stopped before timing it")
    return result


def seconds(task: Task) -> float:
    """Return how long one call takes."""
    start = time.perf_counter()
    task()
    return time.perf_counter() - start


def measure(
    sample: tuple[np.ndarray, ...], background: str, n_threads: int, repeats: int
) -> dict[str, Any]:
    """Compare, then time both ways; nanoseconds a voxel of an image and candidate."""
    tasks: dict[str, Task] = {
        "population": partial(
            roi_betti_curves, *sample, background=background, n_threads=n_threads
        ),
        "one_by_one": partial(one_by_one, *sample, background, n_threads),
    }
    found = check_equal(background, tasks["population"], tasks["one_by_one"])
    timers = {name: partial(seconds, task) for name, task in tasks.items()}
    voxels = sample[0].size * len(sample[2])
    rounds = {
        name: [1e9 * s / voxels for s in series]
        for name, series in timed_in_turn(timers, repeats, _BUDGET).items()
    }
    median = {name: statistics.median(series) for name, series in rounds.items()}
    return {
        "background": background,
        "threads": n_threads,
        "roi_share": float(found.voxels.mean() / sample[0][0].size),
        "ns_per_voxel": median,
        "ratio": median["one_by_one"] / median["population"],
        "rounds": rounds,
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Make or read the images, compare, time, print and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, help="volumes in MedMNIST's form")
    parser.add_argument("--images", type=int, default=64)
    parser.add_argument("--candidates", type=int, default=60)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--output", type=Path, default=RESULTS, help="folder of the result")
    options = parser.parse_args(arguments)
    if options.data is None:
        images = binary_volumes(options.images)
    else:
        images = read_volumes(options.data, options.images)
    rng = np.random.default_rng(inputs.SEED)
    sample = (
        images,
        random_maps(images.shape[1:], len(images)),
        rng.random((options.candidates, len(_MAPS))),
        rng.uniform(0.1, 0.9, options.candidates),
        np.linspace(images.min(), images.max(), inputs.THRESHOLDS),
    )
    rows = []
    for n_threads in sorted({1, processors()}):
        for background in BACKGROUNDS:
            row = measure(sample, background, n_threads, options.repeats)
            rows.append(row)
            ours, theirs = row["ns_per_voxel"].values()
            print(
                f"{background}, {n_threads} threads: {ours:.2f} ns a voxel, one by one "
                f"{theirs:.2f}: {row['ratio']:.1f} x",
                flush=True,
            )
    record = {
        "question": " ".join(str(__doc__).split("\n\n")[0].split()),
        "date": datetime.now(UTC).date().isoformat(),
        "data": options.data.name if options.data else "binary volumes of smooth noise",
        "shape": images.shape,
        "candidates": options.candidates,
        "thresholds": inputs.THRESHOLDS,
        "repeats": options.repeats,
        "processor": processor(),
        "versions": {
            "python": platform.python_version(),
            **{module.__name__: module.__version__ for module in (np, numba)},
        },
        "rows": rows,
    }
    options.output.mkdir(parents=True, exist_ok=True)
    stem = f"population_{options.data.stem}" if options.data else "population"
    file = options.output / f"{stem}.json"
    file.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    print(f"written to {file}")


if __name__ == "__main__":
    main()
