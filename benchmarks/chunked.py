"""How much more than reading them do Betti curves of volumes in files take, and how does it grow?

Writes test volumes, compares the curves of chunks with those of the whole and with known numbers,
then times reading, chunks by one thread and by two, and the whole, each in a process of its own,
whose memory is measured. From the rates follows what volumes cost that do not fit here.

    python benchmarks/chunked.py [--sizes 128 256 512 1024] [--volumes DIR] [--output DIR]

Volumes take up to 7 GB in DIR, and stay there. Writes `chunked.json`, `.md` and `.png`.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import platform
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from large_volumes import measuring
from large_volumes.growth import Rates, cost, to_json
from topojax.data.synthetic.volumes import VolumePlan, known_curves, write_volume
from topojax.experiments.bench.machine import processor, processors
from topojax.experiments.bench.records import write_record

RESULTS = Path(__file__).parent / "results"
KINDS = ("smooth", "noise", "shapes")
# Larger volumes of these are not measured: they take long, and tell nothing more.
LARGEST = {("noise", "float32"): 512, ("shapes", "float32"): 1024}
WHOLE_UP_TO = 512
ON_PAPER = (1024, 2048, 5120, 10_000)


def main(arguments: Sequence[str] | None = None) -> None:
    """Write volumes, compare, time, print and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=[128, 256, 512, 1024])
    parser.add_argument("--runs", type=int, default=3, help="of each measurement; medians are told")
    parser.add_argument("--volumes", type=Path, default=Path("large_volumes"))
    parser.add_argument("--output", type=Path, default=RESULTS, help="folder of the results")
    options = parser.parse_args(arguments)
    options.volumes.mkdir(parents=True, exist_ok=True)
    rows = []
    for size in options.sizes:
        for kind, dtype in (*((kind, "float32") for kind in KINDS), ("smooth", "uint8")):
            if size <= LARGEST.get((kind, dtype), max(options.sizes)):
                plan = VolumePlan((size, size, size), kind, dtype)
                rows.append(measured(plan, options.volumes, options.runs))
                print(row(rows[-1]), flush=True)
    rates = {kind: rates_of(rows, kind) for kind in ("smooth", "noise")}
    record = {
        "question": str(__doc__).splitlines()[0],
        "date": datetime.now(UTC).date().isoformat(),
        "processor": processor(),
        "processors": processors(),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "versions": {"python": platform.python_version()}
        | {name: version(name) for name in ("topojax", "numpy", "numba")},
        "thresholds": measuring.N_THRESHOLDS,
        "runs": options.runs,
        "rows": rows,
        "on_paper": {
            kind: [to_json(cost(n, found)) for n in ON_PAPER] for kind, found in rates.items()
        },
    }
    write_record(options.output, "chunked", record, page(record))
    draw(record, options.output / "chunked.png")


def measured(plan: VolumePlan, folder: Path, runs: int) -> dict[str, Any]:
    """Return all that is measured of one volume."""
    size = plan.shape[0]
    path = folder / f"{plan.kind}_{plan.dtype}_{size}.npy"
    if not path.exists():
        write_volume(plan, path)
    one = _alone(measuring.in_chunks, path, 1, runs)
    two = _alone(measuring.in_chunks, path, 2, runs)
    _check_equal(two.found, one.found, path)
    if plan.kind == "shapes":
        _check_equal(one.found, known_curves(plan, measuring.thresholds_of(path)), path)
    found = {
        "kind": plan.kind,
        "dtype": plan.dtype,
        "size": size,
        "voxels": size**3,
        "read_s": _alone(measuring.read_all, path, runs).seconds,
        "one_thread_s": one.seconds,
        "two_threads_s": two.seconds,
        "one_thread_resident": one.resident,
        "two_threads_resident": two.resident,
    }
    if size <= WHOLE_UP_TO:
        whole = _alone(measuring.as_a_whole, path, runs)
        _check_equal(one.found, whole.found, path)
        memory = _alone(measuring.from_memory, path, runs)
        pairs = _alone(measuring.pairs_in_chunks, path, 1)
        found |= {
            "whole_s": whole.seconds,
            "from_memory_s": memory.seconds,
            "whole_resident": whole.resident,
            "pairs_s": pairs.seconds,
            "pairs": pairs.found,
            "forests": _alone(measuring.forests, path),
        }
    return found


def _alone(call: Callable[..., Any], *arguments: Any) -> Any:
    """Call in a process of its own, whose memory is that of the call."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(call, *arguments).result()


def _check_equal(found: np.ndarray, expected: np.ndarray, path: Path) -> None:
    if not np.array_equal(found, expected):
        raise SystemExit(f"{path}: curves differ; nothing is timed that is wrong")


def rates_of(rows: list[dict[str, Any]], kind: str) -> Rates:
    """Return the rates of the largest volume of a kind that was measured as a whole, too."""
    of_kind = [one for one in rows if (one["kind"], one["dtype"]) == (kind, "float32")]
    largest = [one for one in of_kind if "forests" in one][-1]
    beyond = median(largest["one_thread_s"]) - median(largest["read_s"])
    forests = largest["forests"]
    return Rates(
        1e9 * beyond / largest["voxels"],
        forests["bytes_a_face_voxel"],
        forests["glue_ns_a_face_voxel"],
    )


COLUMNS = (
    "| volume | read, s | 1 thread beyond reading, s | 2 threads beyond reading, s "
    "| resident, GiB, 1 and 2 threads | chunks / whole, in memory | ns a voxel |"
)


def row(one: dict[str, Any]) -> str:
    """Return what was measured of a volume as a row of a table."""
    read, first, second = (median(one[f"{key}_s"]) for key in ("read", "one_thread", "two_threads"))
    resident = " and ".join(
        f"{one[f'{name}_resident'] / 2**30:.2f}" for name in ("one_thread", "two_threads")
    )
    whole = ""
    if "whole_s" in one:
        whole = f"{median(one['from_memory_s']) / median(one['whole_s']):.2f}"
    beyond = 1e9 * (first - read) / one["voxels"]
    return (
        f"| {one['kind']} {one['size']}³ {one['dtype']} | {read:.2f} | {first - read:.2f} | "
        f"{second - read:.2f} | {resident} | {whole} | {beyond:.1f} |"
    )


def page(record: dict[str, Any]) -> str:
    """Return the record for people."""
    versions = ", ".join(f"{name} {number}" for name, number in record["versions"].items())
    lines = [
        f"# {record['question']}",
        "",
        f"{record['date']}, {record['processor']}, {record['processors']} processors, {versions}; "
        f"{record['thresholds']} thresholds, medians of {record['runs']} runs, each kind of run in "
        "a process of its own. Files are npy, read again from the system's cache. Curves are equal "
        "to those of the whole and, of shapes, to the known ones. Two threads read as well.",
        "",
        COLUMNS,
        "|---" * 7 + "|",
        *map(row, record["rows"]),
        "",
        "Pairs of dimensions 0 and 2, without thresholds, one thread, with reading:",
        "",
        "| volume | ns a voxel | pairs |",
        "|---|---|---|",
    ]
    for one in record["rows"]:
        if "pairs_s" in one:
            rate = 1e9 * median(one["pairs_s"]) / one["voxels"]
            name = f"{one['kind']} {one['size']}³ {one['dtype']}"
            lines.append(f"| {name} | {rate:.1f} | {' and '.join(map(str, one['pairs']))} |")
    lines += [
        "",
        "What is left to be glued, of slabs of an eighth of the volume:",
        "",
        "| volume | roots a voxel of a shared face | bytes | ns of gluing |",
        "|---|---|---|---|",
    ]
    for one in record["rows"]:
        if "forests" in one:
            found = one["forests"]
            lines.append(
                f"| {one['kind']} {one['size']}³ {one['dtype']} | "
                f"{found['roots_a_face_voxel']:.4f} | {found['bytes_a_face_voxel']:.3f} | "
                f"{found['glue_ns_a_face_voxel']:.2f} |"
            )
    lines += [
        "",
        "On paper, float32, from the rates of the largest volumes above:",
        "",
        "| volume | chunks of | read, TB | shared | forest of a chunk, MB | of the last two parts "
        "| gluings, one after the other | core hours | of gluing |",
        "|---" * 9 + "|",
    ]
    for kind, costs in record["on_paper"].items():
        for one in costs:
            chunk = " x ".join(map(str, one["chunk"]))
            lines.append(
                f"| {kind} {one['n']}³ | {one['chunks']} of {chunk} | {one['read'] / 1e12:.3f} | "
                f"{one['overlap']:.1%} | {one['forest'] / 1e6:.1f} | {one['top'] / 1e6:.1f} | "
                f"{one['gluings']}, {one['depth']} | {one['core_seconds'] / 3600:.2f} | "
                f"{one['glue_seconds'] / 3600:.3f} |"
            )
    return "\n".join(lines) + "\n"


def draw(record: dict[str, Any], path: Path) -> None:
    """Draw nanoseconds a voxel and memory against the number of voxels."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    from matplotlib.ticker import LogLocator

    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    for kind, dtype in dict.fromkeys((one["kind"], one["dtype"]) for one in record["rows"]):
        rows = [one for one in record["rows"] if (one["kind"], one["dtype"]) == (kind, dtype)]
        voxels = [one["voxels"] for one in rows]
        beyond = [
            1e9 * (median(one["one_thread_s"]) - median(one["read_s"])) / one["voxels"]
            for one in rows
        ]
        (line,) = left.plot(voxels, beyond, "o-", label=f"{kind}, {dtype}")
        whole = [one for one in rows if "whole_s" in one]
        rates = [1e9 * median(one["whole_s"]) / one["voxels"] for one in whole]
        color = line.get_color()
        left.plot([one["voxels"] for one in whole], rates, "x:", color=color)
        resident = [one["one_thread_resident"] / 2**30 for one in rows]
        right.plot(voxels, resident, "o-", color=color)
        held = [one["whole_resident"] / 2**30 for one in whole]
        right.plot([one["voxels"] for one in whole], held, "x:", color=color)
    for axes, label in ((left, "ns a voxel beyond reading"), (right, "resident, GiB")):
        axes.set(xscale="log", yscale="log", xlabel="voxels", ylabel=label)
        axes.grid(True, which="both", alpha=0.3)
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_locator(LogLocator(subs=(2, 3, 5)))
        axes.yaxis.set_minor_formatter("{x:g}")
    left.plot([], [], "x:", color="grey", label="the whole in memory")
    left.legend(fontsize=8)
    figure.savefig(path, dpi=150)
    plt.close(figure)


if __name__ == "__main__":
    main()
