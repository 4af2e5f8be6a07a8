"""How fast is the topology inside jit, on this machine's device, beside the Numba kernel?

Betti curves, Euler curves and connected components of `topojax.topology.device` on smooth and noisy
volumes and images, beside `topojax.kernels` on one thread and beside connected components at every
threshold (cc3d), which is how curves are counted without a merge tree. Curves are compared before
they are timed; rounds alternate on the same image. Compilation is left out, and said.

    python benchmarks/device.py [--sizes 28 64 ...] [--repeats 7] [--output DIR]

Writes `device_PLATFORM.json` and `.md`. What needs a GPU is left empty where there is none. Bytes
are those that the compiled program's own analysis counts, a voxel, as if nothing stayed in a cache
and every branch and round were gone through once; beside them what moving them takes at the
device's measured bandwidth.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import jax
import numpy as np

from betti.inputs import synthetic
from betti.machine import processor, processors
from betti.records import write_record
from topojax import kernels
from topojax.experiments.bench.device import N_THRESHOLDS, Call, device_bandwidth, time_on_device

RESULTS = Path(__file__).parent / "results"
KINDS = ("smooth", "noise")
SIZES = (28, 64)
BATCHES = {"gpu": ((64, 64), (1, 256)), "tpu": ((64, 64), (1, 256)), "cpu": ((4, 28),)}
"""How many volumes of how many voxels along an axis are given at once, by platform."""


def by_labelling(image: np.ndarray) -> dict[str, Call]:
    """Return β0 at every threshold by labelling, on the processor and on a GPU.

    Empty where a library is not there: cc3d, cupy.

    Raises:
        AssertionError: a curve is not the kernel's.
    """
    grid = np.linspace(image.min(), image.max(), N_THRESHOLDS)
    found: dict[str, Call] = {}
    if find_spec("cc3d") is not None:
        import cc3d

        def by_cc3d() -> list[int]:
            return [int(cc3d.connected_components(image <= t, return_N=True)[1]) for t in grid]

        found["β0 by 50 labellings, cc3d"] = by_cc3d
    if find_spec("cupy") is not None:
        import cupy
        from cupyx.scipy import ndimage

        there, corners = cupy.asarray(image), cupy.ones((3, 3, 3))

        def by_cupyx() -> list[int]:
            return [int(ndimage.label(there <= t, corners)[1]) for t in grid]

        found["β0 by 50 labellings, cupyx"] = by_cupyx
    want = kernels.betti_curves(image, grid)[0]
    for call in found.values():
        np.testing.assert_array_equal(call(), want)
    return found


def inputs(sizes: Sequence[int], platform: str) -> list[tuple[str, np.ndarray]]:
    """Return what images show, and images float32 (B, *shape)."""
    found = []
    for kind in KINDS:
        for size in sizes:
            found.append((kind, synthetic(kind, (size,) * 3).image[None]))
        found.append((kind, synthetic(kind, (224, 224)).image[None]))
        for n, size in BATCHES[platform]:
            image = synthetic(kind, (size,) * 3).image
            # Another place of the same texture for each: no two are alike.
            found.append((kind, np.stack([np.roll(image, 5 * k, axis=0) for k in range(n)])))
    return found


def measure(name: str, images: np.ndarray, repeats: int) -> dict[str, Any]:
    """Return a row of the record."""
    others = by_labelling(images[0]) if len(images) == 1 and images.ndim == 4 else {}
    return asdict(time_on_device(name, images, repeats, others))


def markdown(record: dict[str, Any]) -> str:
    """Return the record as a page."""
    columns = list(dict.fromkeys(name for row in record["rows"] for name in row["ns_a_voxel"]))
    lines = [
        f"# {record['question']}",
        "",
        f"{record['date']}; {record['platform']}: {record['device']}; {record['processor']}; "
        f"{record['processors']} processors; {N_THRESHOLDS} thresholds, medians of "
        f"{record['repeats']} rounds in turn, ns a voxel; in brackets how many times as long as "
        "the kernel on one thread; "
        + ", ".join(f"{name} {number}" for name, number in record["versions"].items())
        + f"; {record['bandwidth']:.1f} GB/s read and written. {record['missing']}",
        "",
        f"| ns a voxel | {' | '.join(columns)} | bytes of Betti curves | ns to move them "
        "| compiled in, s |",
        f"|---|{'---:|' * (len(columns) + 3)}",
    ]
    for row in record["rows"]:
        ns = row["ns_a_voxel"]
        cells = []
        for name in columns:
            kernel = ns.get(f"{name}, kernel")
            times = f" ({ns[name] / kernel:.1f})" if kernel and name in ns else ""
            cells.append(f"{ns[name]:.3g}{times}" if name in ns else "")
        moved = row["bytes_a_voxel"]["Betti curves"]
        cells += [f"{moved:.0f}", f"{moved / record['bandwidth']:.3g}"]
        cells += [f"{row['compile_s']['Betti curves']:.1f}"]
        lines.append(f"| {row['images']} | {' | '.join(cells)} |")
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
        rows.append(measure(name, images, options.repeats))
        print(rows[-1]["images"], json.dumps(rows[-1]["ns_a_voxel"]), flush=True)
    record = {
        "question": str(__doc__).splitlines()[0],
        "date": datetime.now(UTC).date().isoformat(),
        "platform": device.platform,
        "device": device.device_kind,
        "processor": processor(),
        "processors": processors(),
        "versions": {name: version(name) for name in ("topojax", "jax", "jaxlib", "numba")},
        "repeats": options.repeats,
        "bandwidth": device_bandwidth(options.repeats),
        "missing": "No GPU was there: its rows are not measured."
        if device.platform == "cpu"
        else "",
        "rows": rows,
    }
    write_record(options.output, f"device_{device.platform}", record, markdown(record))


if __name__ == "__main__":
    main()
