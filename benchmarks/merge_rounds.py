"""Rounds over listed saddles or over all voxels: which joins components sooner inside jit?

The merge tree of a filtration by levels, once with the saddles listed in a buffer in which they fit
(`compact_rounds`), once by rounds over the whole grid, which need none (`dense_rounds`), on smooth
and noisy volumes. Ends of components are compared before they are timed; what both need, order and
basins, is left out. The list's time has the search for saddles in it.

    python benchmarks/merge_rounds.py [--sizes 28 64] [--repeats 7] [--output DIR]

Writes `merge_rounds_PLATFORM.json` and `.md`.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jax
import numpy as np

from topojax.experiments.bench.device.timing import median_seconds
from topojax.experiments.bench.machine import processor
from topojax.experiments.bench.persistence.inputs import synthetic
from topojax.experiments.bench.records import write_record
from topojax.topology.device.levels import levels_of
from topojax.topology.device.tree.basins import find_basins
from topojax.topology.device.tree.compact_rounds import ends_by_saddles
from topojax.topology.device.tree.dense_rounds import ends_by_all
from topojax.topology.device.tree.lattice import Lattice
from topojax.topology.device.tree.neighbourhood import Neighbourhood
from topojax.topology.device.tree.order import order_of_levels
from topojax.topology.device.tree.saddles import list_saddles, mark_saddles

RESULTS = Path(__file__).parent / "results"
N_THRESHOLDS = 50
LISTED, ALL = "listed saddles", "all voxels"


def programs(image: np.ndarray) -> tuple[dict[str, Callable[[], Any]], float]:
    """Return both ways as compiled programs, and the share of voxels that are saddles.

    Args:
        image: float32 (D, H, W); T-construction.
    """
    lattice, neighbourhood = Lattice(image.shape), Neighbourhood(image.ndim, True)
    grid = np.linspace(image.min(), image.max(), N_THRESHOLDS, dtype=np.float32)
    levels = levels_of(image[None], grid[None], np.ones((1, *image.shape), bool))
    order = order_of_levels(lattice.pad(levels, N_THRESHOLDS), N_THRESHOLDS)
    offsets = tuple(lattice.distance(step) for step in neighbourhood.joined)
    root = jax.block_until_ready(jax.jit(find_basins, static_argnums=1)(order, offsets)).root
    # No more than there are: a buffer as large as the image would be read as a whole.
    room = max(1, int(mark_saddles(order, lattice, neighbourhood).n))

    def by_saddles(order: Any, root: Any) -> Any:
        marked = mark_saddles(order, lattice, neighbourhood)
        saddles = list_saddles(order, lattice, neighbourhood, marked, room)
        return ends_by_saddles(order, root, saddles)

    ways = {LISTED: by_saddles, ALL: lambda order, root: ends_by_all(order, root, offsets)}
    compiled = {name: jax.jit(way).lower(order, root).compile() for name, way in ways.items()}
    return {
        name: lambda program=program: jax.block_until_ready(program(order, root))
        for name, program in compiled.items()
    }, room / image.size


def measure(name: str, image: np.ndarray, repeats: int) -> dict[str, Any]:
    """Return medians in ns a voxel.

    Raises:
        AssertionError: the two ways differ.
    """
    ways, share = programs(image)
    np.testing.assert_array_equal(ways[LISTED]().death, ways[ALL]().death)
    scale = 1e9 / image.size
    medians = {way: scale * found for way, found in median_seconds(ways, repeats).items()}
    return {"image": name, "saddles": share, "ns_a_voxel": medians}


def markdown(record: dict[str, Any]) -> str:
    """Return the record as a page."""
    lines = [
        f"# {record['question']}",
        "",
        f"{record['date']}; {record['platform']}: {record['device']}; {record['processor']}; "
        f"{N_THRESHOLDS} levels, medians of {record['repeats']} rounds in turn, ns a voxel; "
        + ", ".join(f"{name} {number}" for name, number in record["versions"].items()),
        "",
        f"| image | saddles, % of the voxels | {LISTED} | {ALL} |",
        "|---|---:|---:|---:|",
    ]
    for row in record["rows"]:
        ns = row["ns_a_voxel"]
        lines.append(
            f"| {row['image']} | {100 * row['saddles']:.1f} | {ns[LISTED]:.3g} | {ns[ALL]:.3g} |"
        )
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=[28, 64], help="of volumes")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--output", type=Path, default=RESULTS)
    options = parser.parse_args(arguments)
    (device, *_) = jax.devices()
    rows = [
        measure(f"{kind} {size}³", synthetic(kind, (size,) * 3).image, options.repeats)
        for kind in ("smooth", "noise")
        for size in options.sizes
    ]
    record = {
        "question": str(__doc__).splitlines()[0],
        "date": datetime.now(UTC).date().isoformat(),
        "platform": device.platform,
        "device": device.device_kind,
        "processor": processor(),
        "versions": {name: version(name) for name in ("topojax", "jax", "jaxlib")},
        "repeats": options.repeats,
        "rows": rows,
    }
    write_record(options.output, f"merge_rounds_{device.platform}", record, markdown(record))


if __name__ == "__main__":
    main()
