"""How wide are the registers that the loops over all voxels work in?

The kernels write vectors of 64 bytes; LLVM maps them to what the processor has. Counts the
instructions of these loops, as they are compiled here, by the widest register that each of them
names.

    python benchmarks/machine_code.py [--listing PART] [--output DIR]

Writes `machine_code.json` and `.md`; `NUMBA_CPU_NAME=x86-64-v3 NUMBA_CPU_FEATURES=` before it shows
another processor's. `--listing comparison` prints the machine code of a part instead.
"""

from __future__ import annotations

import argparse
import os
import re
from collections import Counter
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from topojax.experiments.bench.machine import processor
from topojax.experiments.bench.records import write_record
from voxel_costs.kernel_parts import machine_code

RESULTS = Path(__file__).parent / "results"
QUESTION = "How wide are the registers that the loops over all voxels work in?"
WIDTHS = {
    "512 bits": r"%zmm",
    "256 bits": r"%ymm",
    "128 bits": r"%xmm",
    "masks": r"%k[0-7]",
    "64 bits and less": r"%[re]?[a-ds][a-z0-9]+|%r[0-9]+",
}
"""Of x86; the first that an instruction names. On others all are counted as what is left."""


def loops(code: str) -> list[str]:
    """Return the instructions between each label that is jumped back to and its last jump."""
    lines = [line.strip() for line in code.splitlines()]
    labels = {line[:-1]: at for at, line in enumerate(lines) if line.endswith(":")}
    jumps = [(at, re.search(r"^j\w+\s+(\.\w+)", line)) for at, line in enumerate(lines)]
    within = {
        at
        for end, jump in jumps
        if jump and labels.get(jump[1], end) < end
        for at in range(labels[jump[1]], end + 1)
    }
    return [
        line
        for at, line in enumerate(lines)
        if at in within and line[0] not in ".#" and line[-1] != ":"
    ]


def by_width(code: str) -> dict[str, int]:
    """Count the instructions of a part's loops by the widest register."""
    counts = Counter(
        next((width for width, names in WIDTHS.items() if re.search(names, line)), "others")
        for line in loops(code)
    )
    return {width: counts[width] for width in (*WIDTHS, "others")}


def markdown(record: dict[str, Any]) -> str:
    """Return the page of a record."""
    widths = [*WIDTHS, "others"]
    head = ["instructions of the loop", *widths]
    rows = [
        [name, *(str(counts[width]) for width in widths)]
        for name, counts in record["parts"].items()
    ]
    rule = ["---"] + ["---:"] * len(widths)
    table = "\n".join("| " + " | ".join(cells) + " |" for cells in (head, rule, *rows))
    return (
        f"# {record['question']}\n\n{record['date']}, {record['processor']}, compiled for "
        f"{record['compiled_for']}; numba {record['versions']['numba']}, llvmlite "
        f"{record['versions']['llvmlite']}.\n\n{table}\n"
    )


def main(arguments: list[str] | None = None) -> None:
    """Count, print and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--listing", help="words of a part's name, to print its machine code")
    parser.add_argument("--output", type=Path, default=RESULTS, help="folder of the result")
    options = parser.parse_args(arguments)
    code = machine_code()
    if options.listing:
        print("\n".join(text for name, text in code.items() if options.listing in name))
        return
    record = {
        "question": QUESTION,
        "date": datetime.now(UTC).date().isoformat(),
        "processor": processor(),
        "compiled_for": os.environ.get("NUMBA_CPU_NAME") or "this processor",
        "versions": {name: version(name) for name in ("numba", "llvmlite")},
        "parts": {name: by_width(text) for name, text in code.items()},
    }
    write_record(options.output, "machine_code", record, markdown(record))


if __name__ == "__main__":
    main()
