"""How many machine instructions does a voxel take, of which classification, and how many bytes?

Steps one process through the compiled code of the kernels, one instruction at a time (Linux,
`ptrace`), on the first planes of smooth and noisy volumes, and on rows of images: what more of them
take is what voxels cost, without the call. Beside memory's speed this is the other floor: a
processor cannot finish before it has executed these. Bytes follow from the layout of the arrays.

    python benchmarks/instructions.py [--output DIR]

Writes `instructions.json` and `.md`. Takes about eight minutes.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from topojax.experiments.bench.machine import processor
from topojax.experiments.bench.persistence import inputs
from topojax.experiments.bench.persistence.inputs import Sample
from topojax.experiments.bench.persistence.measurements import measure_bandwidth
from topojax.experiments.bench.persistence.peers import ours
from topojax.experiments.bench.records import write_record
from voxel_costs.kernel_parts import classes, classification, stages
from voxel_costs.stepping import instructions

RESULTS = Path(__file__).parent / "results"
QUESTION = (
    "How many machine instructions does a voxel take, of which classification, and how many bytes?"
)


@dataclass(frozen=True)
class Case:
    """The first planes of a cube, or rows of a square, in two numbers.

    Padded by 1, a plane or a few rows fill whole runs of the words that are classified at a time,
    so that nothing of the difference is a run begun.
    """

    kind: str
    width: int
    rank: int
    extents: tuple[int, int]

    def whole(self) -> Sample:
        """Return the cube or square."""
        return inputs.synthetic(self.kind, (self.width,) * self.rank)

    def first(self, extent: int) -> Sample:
        """Return its first planes or rows, at the thresholds of the whole."""
        whole = self.whole()
        return replace(whole, image=whole.image[:extent].copy())


CASES = (
    Case("smooth", 63, 3, (2, 8)),
    Case("smooth", 31, 3, (2, 14)),
    Case("noise", 31, 3, (2, 8)),
    Case("smooth", 127, 2, (16, 64)),
    Case("noise", 127, 2, (16, 64)),
)
PARTS: dict[str, Callable[[Sample], object]] = {"classification": classification, "curves": ours}


def per_voxel(part: Callable[[Sample], object], case: Case) -> float:
    """Return the instructions of one more voxel."""
    few, many = (case.first(extent) for extent in case.extents)
    counts = []
    for sample in (few, many):
        part(sample)
        counts.append(instructions(lambda sample=sample: part(sample)))
    return (counts[1] - counts[0]) / (many.image.size - few.image.size)


def measure(case: Case) -> dict[str, Any]:
    """Return the instructions of a voxel by part, and the bytes of every stage."""
    whole = case.whole()
    return {
        "input": case.kind,
        "size": whole.size,
        "rank": case.rank,
        "critical": classes(whole).critical,
        "instructions_per_voxel": {
            name: round(per_voxel(part, case), 2) for name, part in PARTS.items()
        },
        "bytes_per_voxel": [asdict(stage) for stage in stages(whole)],
    }


def _table(head: list[str], rows: list[list[str]]) -> str:
    rule = ["---"] + ["---:"] * (len(head) - 1)
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (head, rule, *rows))


def _name(case: dict[str, Any]) -> str:
    return f"{case['input']} {case['size']}"


def instructions_table(cases: list[dict[str, Any]]) -> str:
    """Return instructions a voxel, and the share of critical voxels."""
    body = []
    for case in cases:
        counts = case["instructions_per_voxel"]
        rest = counts["curves"] - counts["classification"]
        numbers = (counts["classification"], rest, counts["curves"])
        body.append([_name(case), *(f"{n:.1f}" for n in numbers), f"{case['critical']:.1%}"])
    head = ["instructions a voxel", "classification", "the rest", "everything", "critical voxels"]
    return _table(head, body)


def bytes_table(cases: list[dict[str, Any]]) -> str:
    """Return bytes a voxel, read and written by every stage."""
    names = dict.fromkeys(stage["name"] for case in cases for stage in case["bytes_per_voxel"])
    body = [
        [
            name,
            *(_moved([s for s in case["bytes_per_voxel"] if s["name"] == name]) for case in cases),
        ]
        for name in names
    ]
    body.append(["all", *(_moved(case["bytes_per_voxel"]) for case in cases)])
    return _table(["bytes a voxel, read + written", *map(_name, cases)], body)


def _moved(stages: list[dict[str, Any]]) -> str:
    if not stages:
        return "—"
    return " + ".join(f"{sum(s[key] for s in stages):.2f}" for key in ("read", "written"))


def markdown(record: dict[str, Any]) -> str:
    """Return the page of a record."""
    return (
        f"# {record['question']}\n\n"
        f"{record['date']}, {record['processor']}; numba {record['versions']['numba']}. float32, "
        f"{record['thresholds']} thresholds, T-construction.\n\n"
        f"{instructions_table(record['cases'])}\n\n"
        f"{bytes_table(record['cases'])}\n\n"
        "Each array is counted once a stage, whether it comes from memory or is still in the\n"
        f"cache. A copy moves {record['gb_per_s']:.1f} GB/s, read and written together.\n"
    )


def main(arguments: list[str] | None = None) -> None:
    """Count, print and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--output", type=Path, default=RESULTS, help="folder of the result")
    options = parser.parse_args(arguments)
    cases = [measure(case) for case in CASES]
    record = {
        "question": QUESTION,
        "date": datetime.now(UTC).date().isoformat(),
        "processor": processor(),
        "versions": {"numba": version("numba")},
        "thresholds": inputs.THRESHOLDS,
        "gb_per_s": measure_bandwidth() / 1e9,
        "instructions_per_voxel": cases[0]["instructions_per_voxel"],
        "cases": cases,
    }
    write_record(options.output, "instructions", record, markdown(record))


if __name__ == "__main__":
    main()
