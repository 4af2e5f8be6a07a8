"""How fast is the topology inside jit, on this machine's device, beside the Numba kernel?

Betti curves, Euler curves and connected components of `topojax.topology.device` on smooth and noisy
volumes and images, beside `topojax.kernels` on one thread and beside connected components at every
threshold (cc3d), which is how curves are counted without a merge tree. Curves are compared before
they are timed; rounds alternate on the same image. Compilation is left out, and said.

    python benchmarks/device.py [--sizes 28 64 ...] [--repeats 7] [--output DIR]

Writes `device_PLATFORM.json` and `.md`. What needs a GPU is left empty where there is none. Bytes
are those that the compiled program's own analysis counts.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import jax
import numpy as np

from betti.inputs import synthetic
from betti.machine import processor
from betti.records import write_record
from topojax import kernels
from topojax.topology.device import betti_curves, connected_components, euler_curve

RESULTS = Path(__file__).parent / "results"
N_THRESHOLDS = 50
KINDS = ("smooth", "noise")
SIZES = (28, 64)
BATCHES = {"gpu": ((64, 64), (1, 256)), "tpu": ((64, 64), (1, 256)), "cpu": ((4, 28),)}
"""How many volumes of how many voxels along an axis are given at once, by platform."""

Call = Callable[[], Any]


def by_labelling(image: np.ndarray, grid: np.ndarray) -> Call | None:
    """Return β0 by cc3d at every threshold; None where it is not installed."""
    if find_spec("cc3d") is None:
        return None
    import cc3d

    def call() -> list[int]:
        return [int(cc3d.connected_components(image <= t, return_N=True)[1]) for t in grid]

    return call


def calls(images: np.ndarray, grid: np.ndarray) -> tuple[dict[str, Call], dict[str, Any]]:
    """Return what is timed, by name, and of the compiled programs seconds and bytes a voxel.

    Args:
        images: float32 (B, *shape).
        grid: float64 (N,).

    Raises:
        AssertionError: a curve is not the kernel's.
    """
    single = len(images) == 1
    x = jax.device_put(images[0] if single else images)
    programs = {
        "Betti curves": lambda x: betti_curves(x, grid),
        "Euler curve": lambda x: euler_curve(x, grid),
        "components at the middle": lambda x: connected_components(x <= grid[len(grid) // 2]),
    }
    found: dict[str, Call] = {}
    compiled: dict[str, Any] = {}
    for name, function in programs.items():
        start = time.perf_counter()
        program = jax.jit(function if single else jax.vmap(function)).lower(x).compile()
        analysis = program.cost_analysis() or {}
        compiled[name] = {
            "compile_s": time.perf_counter() - start,
            "bytes_a_voxel": analysis.get("bytes accessed", float("nan")) / images.size,
        }
        found[name] = lambda program=program: jax.block_until_ready(program(x))
    kept = [np.ascontiguousarray(image) for image in images]
    found["Betti curves, kernel"] = lambda: [kernels.betti_curves(one, grid) for one in kept]
    found["Euler curve, kernel"] = lambda: [kernels.euler_curve(one, grid) for one in kept]
    for name in ("Betti curves", "Euler curve"):
        np.testing.assert_array_equal(
            np.asarray(found[name]()).reshape(len(images), -1),
            np.asarray(found[f"{name}, kernel"]()).reshape(len(images), -1),
        )
    labelling = by_labelling(images[0], grid) if single and images.ndim == 4 else None
    if labelling is not None:
        np.testing.assert_array_equal(labelling(), np.asarray(found["Betti curves"]())[0])
        found["β0 by 50 labellings, cc3d"] = labelling
    return found, compiled


def measure(images: np.ndarray, repeats: int) -> dict[str, Any]:
    """Return medians over rounds, in ns a voxel."""
    grid = np.linspace(images.min(), images.max(), N_THRESHOLDS)
    functions, compiled = calls(images, grid)
    seconds: dict[str, list[float]] = {name: [] for name in functions}
    for _ in range(repeats):
        for name, function in functions.items():
            start = time.perf_counter()
            function()
            seconds[name].append(time.perf_counter() - start)
    scale = 1e9 / images.size
    return {
        "ns_a_voxel": {name: scale * statistics.median(found) for name, found in seconds.items()},
        "compiled": compiled,
    }


def inputs(sizes: Sequence[int], platform: str) -> list[tuple[str, np.ndarray]]:
    """Return names and images float32 (B, *shape)."""
    found = []
    for kind in KINDS:
        for size in sizes:
            found.append((f"{kind} {size}³", synthetic(kind, (size,) * 3).image[None]))
        found.append((f"{kind} 224²", synthetic(kind, (224, 224)).image[None]))
        for n, size in BATCHES[platform]:
            image = synthetic(kind, (size,) * 3).image
            # Another place of the same texture for each: no two are alike.
            batch = np.stack([np.roll(image, 5 * k, axis=0) for k in range(n)])
            found.append((f"{kind} {n} × {size}³", batch))
    return found


def markdown(record: dict[str, Any]) -> str:
    """Return the record as a page."""
    columns = list(dict.fromkeys(name for row in record["rows"] for name in row["ns_a_voxel"]))
    lines = [
        f"# {record['question']}",
        "",
        f"{record['date']}; {record['platform']}: {record['device']}; {record['processor']}; "
        f"{N_THRESHOLDS} thresholds, medians of {record['repeats']} rounds in turn, ns a voxel; in "
        "brackets how many times as long as the kernel on one thread; "
        + ", ".join(f"{name} {number}" for name, number in record["versions"].items())
        + f". {record['missing']}",
        "",
        f"| ns a voxel | {' | '.join(columns)} | bytes a voxel | compiled in, s |",
        f"|---|{'---:|' * (len(columns) + 2)}",
    ]
    for row in record["rows"]:
        ns, compiled = row["ns_a_voxel"], row["compiled"]["Betti curves"]
        cells = []
        for name in columns:
            kernel = ns.get(f"{name}, kernel")
            times = f" ({ns[name] / kernel:.1f})" if kernel and name in ns else ""
            cells.append(f"{ns[name]:.3g}{times}" if name in ns else "")
        cells += [f"{compiled['bytes_a_voxel']:.0f}", f"{compiled['compile_s']:.1f}"]
        lines.append(f"| {row['image']} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="of volumes")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--output", type=Path, default=RESULTS)
    options = parser.parse_args(arguments)
    (device, *_) = jax.devices()
    rows = []
    for name, images in inputs(options.sizes, device.platform):
        rows.append({"image": name, **measure(images, options.repeats)})
        print(name, json.dumps(rows[-1]["ns_a_voxel"]), flush=True)
    record = {
        "question": str(__doc__).splitlines()[0],
        "date": datetime.now(UTC).date().isoformat(),
        "platform": device.platform,
        "device": device.device_kind,
        "processor": processor(),
        "versions": {name: version(name) for name in ("topojax", "jax", "jaxlib", "numba")},
        "repeats": options.repeats,
        "missing": "No GPU was there: its rows are not measured."
        if device.platform == "cpu"
        else "",
        "rows": rows,
    }
    write_record(options.output, f"device_{device.platform}", record, markdown(record))


if __name__ == "__main__":
    main()
