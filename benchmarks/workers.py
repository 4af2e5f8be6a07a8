"""Are features of volumes made twice as fast by two workers as by one?

Writes volumes of smooth noise to files and makes their features as `topojax features --workers N`
does, by one worker that has one processor, by two that have one each, and by this process, which
has all (it reads files ahead in threads). The three are timed in turn, in every round with nothing
kept of the last one; features are compared before. Workers are begun once: their start (imports,
and kernels read from the cache) is timed by itself, in every round, and once added to the work.

    python benchmarks/workers.py [--volumes 256] [--size 64] [--rounds 5] [--kinds npy nii.gz]
                                 [--output DIR]

Writes `workers.json` and `.md`. It says nothing on a machine of one processor, or on one that does
something else meanwhile.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from topojax.config import Config, ManifestConfig, make_config
from topojax.data.manifest import Row, rows_of_files
from topojax.executors.processes import process_executor
from topojax.experiments.bench.machine import processor, processors
from topojax.experiments.bench.needed import require_module
from topojax.experiments.bench.persistence import inputs
from topojax.experiments.bench.persistence.measurements import timed_in_turn
from topojax.experiments.bench.records import write_record
from topojax.experiments.features.file_blocks import file_task
from topojax.experiments.features.of_files import features_in_blocks
from topojax.experiments.features.work import Blocks

RESULTS = Path(__file__).parent / "results"
BANKS: dict[str, tuple[str, ...]] = {
    "intensity": ("intensity",),
    "Laplacians": tuple(f"{sign}log:{s}" for s in (1, 2, 3) for sign in ("", "-")),
}
WAYS = ("one worker", "two workers", "this process")
_BUDGET = 3600.0


def write_volumes(folder: Path, n: int, size: int, kind: str) -> str:
    """Write smooth volumes into a folder, and return their pattern."""
    for i in range(n):
        volume = inputs.smooth((size,) * 3, inputs.SEED + i).astype(np.float32)
        file = folder / f"{i:05}.{kind}"
        if kind == "npy":
            np.save(file, volume)
        else:
            import nibabel

            nibabel.save(nibabel.Nifti1Image(volume, np.eye(4)), file)
    return str(folder / f"*.{kind}")


@contextmanager
def one_processor_each(workers: int) -> Iterator[Executor]:
    """Open an executor on so many processes, each with one processor, however many there are."""
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(allowed)[:workers])
    try:
        opened = process_executor(workers)
        executor = opened.__enter__()
    finally:
        os.sched_setaffinity(0, allowed)
    with ExitStack() as stack:
        stack.push(opened)
        yield executor


def ready(rows: tuple[Row, ...], config: Config) -> int:
    """Make features of one file, which imports and loads what all others take."""
    return len(made(rows[:1], config, Blocks()))


def made(rows: Sequence[Row], config: Config, blocks: Blocks) -> np.ndarray:
    """Return the features of files, of which nothing has been kept."""
    task = file_task(rows[0], config, "benchmark")
    with tempfile.TemporaryDirectory() as folder:
        work = Blocks(blocks.executor, Path(folder))
        return features_in_blocks(rows, task, work, "benchmark").matrix


def start(executor: Executor, workers: int, rows: tuple[Row, ...], config: Config) -> float:
    """Return the seconds until all workers have made their first feature."""
    began = time.perf_counter()
    for job in [executor.submit(ready, rows, config) for _ in range(workers)]:
        job.result()
    return time.perf_counter() - began


def start_seconds(workers: int, rounds: int, rows: tuple[Row, ...], config: Config) -> list[float]:
    """Return the seconds that workers take to begin, in every round new ones."""
    found = []
    for _ in range(rounds):
        with one_processor_each(workers) as executor:
            found.append(start(executor, workers, rows, config))
    return found


def seconds(task: Callable[[], np.ndarray]) -> float:
    """Return how long one call takes."""
    began = time.perf_counter()
    task()
    return time.perf_counter() - began


def measure(pattern: str, bank: str, rounds: int) -> dict[str, Any]:
    """Compare what the ways make of the files, then time them in turn."""
    rows = rows_of_files(pattern, ManifestConfig())
    config = make_config(overrides={"topology.filtrations": list(BANKS[bank])})
    with one_processor_each(1) as one, one_processor_each(2) as two:
        for executor, workers in ((one, 1), (two, 2)):
            start(executor, workers, rows, config)
        tasks = {
            way: partial(made, rows, config, Blocks(executor))
            for way, executor in zip(WAYS, (one, two, None), strict=True)
        }
        first, *others = (task() for task in tasks.values())
        if not all(np.array_equal(first, other) for other in others):
            raise SystemExit(f"{bank}: features differ; stopped before timing them")
        timers = {way: partial(seconds, task) for way, task in tasks.items()}
        found = timed_in_turn(timers, rounds, _BUDGET)
    median = {way: statistics.median(series) for way, series in found.items()}
    return {
        "files": pattern.rpartition("*.")[2],
        "bank": bank,
        "seconds": median,
        "ratio": median["one worker"] / median["two workers"],
        "rounds": found,
    }


def with_start(row: dict[str, Any], begin: dict[str, float]) -> float:
    """Return the ratio where workers are begun for this work alone."""
    one, two = (row["seconds"][way] + begin[way] for way in WAYS[:2])
    return one / two


def markdown(record: dict[str, Any]) -> str:
    """Return the record as a page."""
    begin = record["start_seconds"]
    lines = [
        f"# {record['question']}",
        "",
        f"{record['volumes']} volumes of {record['size']}³ voxels of smooth noise, in files; "
        f"medians of {record['rounds']} rounds in turn; {record['processors']} processors, one a "
        f"worker. {record['date']}, {record['processor']}, "
        + ", ".join(f"{name} {number}" for name, number in record["versions"].items())
        + ".",
        "",
        "| files | filtrations | one worker, s | two workers, s | times as fast | with their start "
        "| this process, s |",
        "|---|---|---:|---:|---:|---:|---:|",
        *(
            f"| {row['files']} | {row['bank']} | "
            + " | ".join(f"{row['seconds'][way]:.2f}" for way in WAYS[:2])
            + f" | {row['ratio']:.2f} | {with_start(row, begin):.2f} | "
            f"{row['seconds']['this process']:.2f} |"
            for row in record["rows"]
        ),
        "",
        f"One worker begins in {begin['one worker']:.1f} s, two at once in "
        f"{begin['two workers']:.1f} s: imports, compiled kernels from the cache, one volume. "
        "`this process` has all processors and begins at once.",
    ]
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str] | None = None) -> None:
    """Write volumes, compare, time, print and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--volumes", type=int, default=256)
    parser.add_argument("--size", type=int, default=64, help="voxels along every axis")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--kinds", nargs="+", choices=["npy", "nii.gz"], default=["npy", "nii.gz"])
    parser.add_argument("--output", type=Path, default=RESULTS, help="folder of the result")
    options = parser.parse_args(arguments)
    if "nii.gz" in options.kinds:
        require_module("nibabel", "nifti", "--kinds nii.gz", "or give --kinds npy")
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for kind in options.kinds:
            pattern = write_volumes(Path(folder), options.volumes, options.size, kind)
            for bank in BANKS:
                row = measure(pattern, bank, options.rounds)
                rows.append(row)
                print(f"{kind}, {bank}: {row['seconds']}, {row['ratio']:.2f} x", flush=True)
        files = rows_of_files(pattern, ManifestConfig())
        begin = {
            way: statistics.median(start_seconds(workers, options.rounds, files, make_config()))
            for way, workers in zip(WAYS, (1, 2), strict=False)
        }
    record = {
        "question": str(__doc__).splitlines()[0],
        "date": datetime.now(UTC).date().isoformat(),
        "processor": processor(),
        "processors": processors(),
        "versions": {
            "Python": platform.python_version(),
            **{name: version(name) for name in ("topojax", "numpy", "scipy", "numba", "jax")},
        },
        "volumes": options.volumes,
        "size": options.size,
        "rounds": options.rounds,
        "start_seconds": begin,
        "rows": rows,
    }
    write_record(options.output, "workers", record, markdown(record))


if __name__ == "__main__":
    main()
