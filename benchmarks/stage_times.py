"""How long does each stage take, on which image, and what do wider registers spare?

Times every stage of the kernels alone, on one thread, in processes of their own: compiled for this
processor, and for x86-64 with AVX2 alone, in turn. A stage that is repeated on one image finds it
in the cache, and its branches foreseen; together the stages take longer than their sum.

    python benchmarks/stage_times.py [--rounds N] [--output DIR]

Writes `stage_times.json` and `.md`. Takes two minutes.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

from topojax.experiments.bench.machine import processor
from topojax.experiments.bench.persistence import inputs
from topojax.experiments.bench.records import write_record
from voxel_costs.kernel_parts import stages_alone

RESULTS = Path(__file__).parent / "results"
QUESTION = "How long does each stage take, on which image, and what do wider registers spare?"
CASES = (
    ("smooth", (64, 64, 64)),
    ("noise", (64, 64, 64)),
    ("smooth", (256, 256, 256)),
    ("noise", (256, 256, 256)),
    ("smooth", (1024, 1024)),
    ("noise", (1024, 1024)),
)
TARGETS = {"this processor": {}, "AVX2": {"NUMBA_CPU_NAME": "x86-64-v3", "NUMBA_CPU_FEATURES": ""}}
REPETITIONS = 5
Times = dict[str, dict[str, float]]


def seconds(call: Callable[[], object]) -> float:
    """Return the median of some calls, after one that compiles."""
    call()
    taken = []
    for _ in range(REPETITIONS):
        begin = time.perf_counter()
        call()
        taken.append(time.perf_counter() - begin)
    return median(taken)


def here() -> Times:
    """Return nanoseconds a voxel of every stage, by image."""
    found: Times = {}
    for kind, shape in CASES:
        sample = inputs.synthetic(kind, shape)
        with stages_alone(sample) as calls:
            found[f"{kind} {inputs.written(shape)}"] = {
                name: 1e9 * seconds(call) / sample.image.size for name, call in calls.items()
            }
    return found


def elsewhere(settings: dict[str, str]) -> Times:
    """Return the same of a process of its own."""
    command = [sys.executable, __file__, "--print"]
    run = subprocess.run(
        command, env=os.environ | settings, check=True, stdout=subprocess.PIPE, text=True
    )
    return json.loads(run.stdout)


def medians(rounds: list[Times]) -> Times:
    """Return the medians over rounds."""
    return {
        image: {name: round(median(one[image][name] for one in rounds), 3) for name in stages}
        for image, stages in rounds[0].items()
    }


def markdown(record: dict[str, Any]) -> str:
    """Return the page of a record."""
    tables = []
    for target, times in record["ns_per_voxel"].items():
        stages = list(next(iter(times.values())))
        head = [f"ns a voxel, {target}", *stages]
        rows = [[image, *(f"{of[name]:.2f}" for name in stages)] for image, of in times.items()]
        rule = ["---"] + ["---:"] * len(stages)
        tables.append("\n".join("| " + " | ".join(line) + " |" for line in (head, rule, *rows)))
    return (
        f"# {record['question']}\n\n{record['date']}, {record['processor']}; numba "
        f"{record['versions']['numba']}, llvmlite {record['versions']['llvmlite']}. float32, 50 "
        f"thresholds, T-construction, one thread; medians of {record['rounds']} processes each, in "
        "turn.\n\n" + "\n\n".join(tables) + "\n"
    )


def main(arguments: list[str] | None = None) -> None:
    """Time, print and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--print", action="store_true", help="print this process's times as JSON")
    parser.add_argument("--rounds", type=int, default=3, help="processes of each kind")
    parser.add_argument("--output", type=Path, default=RESULTS, help="folder of the result")
    options = parser.parse_args(arguments)
    if options.print:
        print(json.dumps(here()))
        return
    if platform.machine() not in ("x86_64", "AMD64"):
        parser.error(f"this is {platform.machine()}; the comparison is of x86-64's registers")
    rounds: dict[str, list[Times]] = {target: [] for target in TARGETS}
    for _ in range(options.rounds):
        for target, settings in TARGETS.items():
            rounds[target].append(elsewhere(settings))
    record = {
        "question": QUESTION,
        "date": datetime.now(UTC).date().isoformat(),
        "processor": processor(),
        "versions": {name: version(name) for name in ("numba", "llvmlite")},
        "rounds": options.rounds,
        "ns_per_voxel": {target: medians(found) for target, found in rounds.items()},
    }
    write_record(options.output, "stage_times", record, markdown(record))


if __name__ == "__main__":
    main()
