"""How long do a bank of filtrations and its Betti curves take?

Filters volumes by one filtration after the other, each computed once a volume, and gives each
result to the kernel at 50 thresholds over its own range: what a descriptor of the bank costs, on
all processors that the process may use. Before anything is timed, filters are compared with scipy's
own functions, which are then timed beside ours, in turn, on one thread.

    python benchmarks/filtrations.py [--data FOLDER] [--volumes 1584] [--rounds 3] [--output DIR]

`--data` is a folder with `adrenalmnist3d.npz`; without it volumes are synthetic. Writes
`filtrations_NAME.json` and `.md`. Peak memory is resident memory beyond what the process held when
the first round began.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from scipy import ndimage
from skimage.filters import threshold_otsu

from topojax.data import SPLITS, Dataset, read_medmnist, synthetic_dataset
from topojax.experiments.bench.machine import processor, processors
from topojax.kernels import betti_curves_batch
from topojax.topology import expand_filtrations, filtered, filtered_bank, fixed_grid

RESULTS = Path(__file__).parent / "results"
N_THRESHOLDS, SEED, COMPARED = 50, 0, 16
_BY_SIGN = ("log:1", "log:2", "log:3", "distance", "radial")
_HEIGHTS = tuple(name for name in expand_filtrations(["shape"], 3) if name.startswith("height"))
BANK = (
    *("intensity", "gaussian:1", "gaussian:2", "gaussian:3"),
    *(sign + name for name in _BY_SIGN for sign in ("", "-")),
    *_HEIGHTS,
)
"""40 filtrations."""


def _scipys_distance(image: np.ndarray) -> np.ndarray:
    inside = image > threshold_otsu(image.astype(np.float64))
    outside = ndimage.distance_transform_edt(~inside)
    return outside - ndimage.distance_transform_edt(inside)


SCIPYS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "gaussian:2": lambda image: ndimage.gaussian_filter(image, 2),
    "log:2": lambda image: 4 * ndimage.gaussian_laplace(image, 2),
    "distance": _scipys_distance,
}


def check_equality(images: np.ndarray) -> None:
    """Raise AssertionError unless the filters are scipy's."""
    for name, reference in SCIPYS.items():
        for image, values in zip(images, filtered(images, name), strict=True):
            np.testing.assert_allclose(values, reference(image), rtol=1e-4, atol=1e-4)


def beside_scipy(images: np.ndarray, rounds: int) -> dict[str, dict[str, float]]:
    """Return milliseconds a volume, of ours and of scipy's own function, medians on one thread."""
    found = {}
    for name, reference in SCIPYS.items():
        ours, theirs = [], []
        for _ in range(rounds):
            ours.append(_seconds(lambda name=name: filtered(images, name, n_threads=1)))
            theirs.append(_seconds(lambda reference=reference: [reference(x) for x in images]))
        scale = 1e3 / len(images)
        found[name] = {
            "topojax_ms": scale * statistics.median(ours),
            "scipy_ms": scale * statistics.median(theirs),
        }
    return found


def one_round(images: np.ndarray, bank: Sequence[str]) -> dict[str, dict[str, float]]:
    """Return the seconds of each filtration's filter and curves.

    A filtration without two finite values gets no grid and no curves.
    """
    found = {}
    start = time.perf_counter()
    for name, values in filtered_bank(images, bank):
        middle = time.perf_counter()
        grid = fixed_grid(values, N_THRESHOLDS)
        betti_curves_batch(values, grid)
        end = time.perf_counter()
        found[name] = {"filter_s": middle - start, "curves_s": end - middle}
        start = time.perf_counter()
    return found


def measure(images: np.ndarray, bank: Sequence[str], rounds: int) -> dict[str, Any]:
    """Return medians over rounds, by filtration and in total, and the peak of memory."""
    one_round(images[:COMPARED], bank)  # compiles, and imports what filters need
    memory = _PeakMemory()
    runs = [one_round(images, bank) for _ in range(rounds)]
    peak = memory.megabytes()
    median = {
        name: {key: statistics.median(run[name][key] for run in runs) for key in runs[0][name]}
        for name in bank
    }
    totals = {
        key: statistics.median(sum(part[key] for part in run.values()) for run in runs)
        for key in ("filter_s", "curves_s")
    }
    return {"by_filtration": median, "total": totals, "rounds": rounds, "peak_mb": peak}


class _PeakMemory:
    """Resident memory at its peak beyond what there is now; nothing where Linux does not tell."""

    def __init__(self) -> None:
        try:
            Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
            self._before: int | None = _kilobytes("VmRSS")
        except OSError:
            self._before = None

    def megabytes(self) -> float | None:
        return None if self._before is None else (_kilobytes("VmHWM") - self._before) * 1024 / 1e6


def _kilobytes(key: str) -> int:
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(f"{key}:"):
            return int(line.split()[1])
    raise OSError(f"/proc/self/status has no {key}")


def _seconds(call: Callable[[], Any]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def read_volumes(folder: Path | None, most: int) -> tuple[str, np.ndarray]:
    """Return the name of the data and volumes of 28^3, float32 (n, 28, 28, 28), n <= most."""
    data: Dataset
    if folder is None:
        sizes = {"n_train": max(2, most // 2), "n_val": 2, "n_test": max(2, most - most // 2 - 2)}
        name, data = "synthetic", synthetic_dataset("shapes", seed=SEED, **sizes)
    else:
        name = "adrenalmnist3d"
        data = read_medmnist(folder / f"{name}.npz", spatial_dims=3)
    images = np.concatenate([data.split(split).images for split in SPLITS])[:most]
    return name, np.ascontiguousarray(images, np.float32)


def record(name: str, images: np.ndarray, bank: Sequence[str], rounds: int) -> dict[str, Any]:
    """Check, measure, and return everything with date, versions and machine."""
    check_equality(images[:COMPARED])
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "data": name,
        "volumes": len(images),
        "shape": list(images.shape[1:]),
        "megabytes_of_images": images.nbytes / 1e6,
        "n_thresholds": N_THRESHOLDS,
        "processor": processor(),
        "processors": processors(),
        "python": platform.python_version(),
        "versions": {p: version(p) for p in ("topojax", "numpy", "scipy", "scikit-image", "numba")},
        **measure(images, bank, rounds),
        "one_thread": beside_scipy(images[:COMPARED], max(3, rounds)),
    }


def to_markdown(found: dict[str, Any]) -> str:
    """Return the record as tables."""
    total, names = found["total"], found["by_filtration"]
    versions = ", ".join(f"{name} {number}" for name, number in found["versions"].items())
    side = " × ".join(map(str, found["shape"]))
    peak = "not known" if found["peak_mb"] is None else f"{found['peak_mb']:.0f} MB"
    lines = [
        f"# Betti curves of {len(names)} filtrations",
        "",
        f"{found['volumes']} volumes of {side} ({found['data']}), {found['n_thresholds']} "
        f"thresholds, medians of {found['rounds']} rounds, {found['processors']} processors. "
        f"{found['date']}, {found['processor']}, Python {found['python']}, {versions}. Peak memory "
        f"beyond the images and the process: {peak}; the images are "
        f"{found['megabytes_of_images']:.0f} MB.",
        "",
        "| seconds | filter | Betti curves |",
        "|---|---:|---:|",
        f"| all {len(names)} | {total['filter_s']:.1f} | {total['curves_s']:.1f} |",
    ]
    lines += [f"| `{n}` | {s['filter_s']:.2f} | {s['curves_s']:.2f} |" for n, s in names.items()]
    lines += [
        "",
        "The second of two signs that follow each other is a negation. Otsu's thresholds are "
        "computed with the first filtration that needs them.",
        "",
        "| ms a volume, one thread | topojax | scipy's own function |",
        "|---|---:|---:|",
    ]
    lines += [
        f"| `{n}` | {s['topojax_ms']:.2f} | {s['scipy_ms']:.2f} |"
        for n, s in found["one_thread"].items()
    ]
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder with adrenalmnist3d.npz")
    parser.add_argument("--volumes", type=int, default=1584)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--output", type=Path, default=RESULTS)
    options = parser.parse_args(arguments)
    name, images = read_volumes(options.data, options.volumes)
    found = record(name, images, BANK, options.rounds)
    options.output.mkdir(parents=True, exist_ok=True)
    text = to_markdown(found)
    path = options.output / f"filtrations_{name}"
    path.with_suffix(".json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    path.with_suffix(".md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
