"""How long do Betti curves take here and in other libraries, and how far from memory's speed?

Times `topojax.kernels` and every peer that can be imported (GUDHI and its 2-D path, cripser in all
dimensions and restricted to what Betti curves need, cc3d at every threshold; giotto-tda from an
environment of its own) on the same images, in turn, on one thread. Curves are compared before
anything is timed; making and reading images is not timed. Nothing is installed.

    python benchmarks/persistence.py [--quick] [--data DIR] [--giotto-python PATH]
                                     [--repeats K] [--output DIR]

Writes `persistence.json`, `.md` and `.png`; `--quick`, of under two minutes,
`persistence_quick.json` and so on.
"""

from __future__ import annotations

import argparse
import json
import platform
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from betti import inputs, measurements, peers
from betti.inputs import Sample
from betti.machine import processor, processors
from betti.measurements import Plan, Row
from betti.report import draw, markdown

RESULTS = Path(__file__).parent / "results"

_KINDS = ("smooth", "noise", "quantised", "masked")
_SMALL = tuple((name, width) for width in (28, 64) for name in _KINDS)
QUICK = Plan(
    stem="persistence_quick",
    repeats=3,
    budget=1.0,
    volumes=(*_SMALL, ("smooth", 128), ("noise", 128)),
    images=(("smooth", 224), ("noise", 224)),
    real=(inputs.ADRENAL, inputs.HIPPOCAMPUS),
    batches=((28, 64), (64, 8)),
    roi=64,
    memory=(("smooth", 128),),
    limits={
        peers.GUDHI: 64**3,
        peers.CRIPSER: 64**3,
        peers.CRIPSER_RESTRICTED: 128**3,
        peers.GIOTTO: 28**3,
        peers.CC3D: 128**3,
    },
)
FULL = Plan(
    stem="persistence",
    repeats=7,
    budget=30.0,
    volumes=(
        *_SMALL,
        *((name, width) for width in (128, 256) for name in ("smooth", "noise")),
        ("smooth", 512),
    ),
    images=tuple((name, width) for width in (224, 1024) for name in ("smooth", "noise")),
    real=(inputs.ADRENAL, inputs.HIPPOCAMPUS, inputs.MNI152, inputs.STENT),
    batches=((28, 256), (64, 32)),
    roi=256,
    memory=(("smooth", 256), ("noise", 256)),
    limits={
        peers.GUDHI: 128**3,
        peers.CRIPSER: 128**3,
        peers.CRIPSER_RESTRICTED: 256**3,
        peers.GIOTTO: 128**3,
        peers.CC3D: 256**3,
    },
)


def samples(plan: Plan, data: Path | None) -> Iterator[Sample]:
    """Make the inputs one at a time, as the largest fill memory."""
    for name, width in plan.volumes:
        yield inputs.synthetic(name, (width,) * 3)
    for name, width in plan.images:
        yield inputs.synthetic(name, (width,) * 2)
    yield from inputs.real_samples(plan.real, data)


def say(row: Row) -> Row:
    """Print one input's medians."""
    figures = ", ".join(f"{name} {ns:.3g}" for name, ns in row.median.items())
    print(f"{row.input} {row.size}, ns a voxel: {figures}", flush=True)
    return row


def run(plan: Plan, data: Path | None = None, giotto_python: str | None = None) -> dict[str, Any]:
    """Check, time and return the record.

    Raises:
        SystemExit: curves that differ, before they are timed.
    """
    every_peer, left_out = peers.importable_peers()
    left_out |= inputs.missing(plan.real, data)
    versions = {"python": platform.python_version()} | peers.installed_versions()
    with ExitStack() as stack:
        try:
            giotto, versions["giotto-tda"] = stack.enter_context(peers.giotto_peer(giotto_python))
            every_peer.append(giotto)
        except OSError as error:
            left_out[peers.GIOTTO] = error.strerror or str(error)
        for name, reason in left_out.items():
            print(f"left out: {name}, {reason}")
        bandwidth = measurements.measure_bandwidth()
        rows = [
            say(measurements.measure(sample, every_peer, plan, bandwidth))
            for sample in samples(plan, data)
        ]
    return {
        "question": " ".join(str(__doc__).split("\n\n")[0].split()),
        "date": datetime.now(UTC).date().isoformat(),
        "settings": {
            "quick": plan.stem == QUICK.stem,
            "repeats": plan.repeats,
            "budget": plan.budget,
            "thresholds": inputs.THRESHOLDS,
            "seed": inputs.SEED,
            "limits": plan.limits,
        },
        "processor": processor(),
        "processors": processors(),
        "versions": versions,
        "left_out": left_out,
        "gb_per_s": bandwidth / 1e9,
        "rows": [asdict(row) for row in rows],
        "second_processor": measurements.measure_second_processor(plan.repeats),
        "first_call": measurements.measure_first_call(),
        "threads": [measurements.measure_threads(*batch, plan) for batch in plan.batches],
        "roi": measurements.measure_roi(plan.roi, plan),
        "memory": [measurements.measure_memory(*volume) for volume in plan.memory],
    }


def write(record: dict[str, Any], folder: Path, stem: str) -> None:
    """Write the record, its tables and its figure."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{stem}.json").write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    (folder / f"{stem}.md").write_text(markdown(record), encoding="utf-8")
    draw(record["rows"], folder / f"{stem}.png")


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the options, run, print the tables and write the results."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="small sizes, under two minutes")
    parser.add_argument("--data", type=Path, help="folder with medmnist/, nifti/ and stent.npz")
    parser.add_argument("--giotto-python", help="interpreter that has giotto-tda")
    parser.add_argument("--repeats", type=int, help="rounds, instead of 7 or with --quick 3")
    parser.add_argument("--output", type=Path, default=RESULTS, help="folder of the results")
    options = parser.parse_args(arguments)
    if options.repeats is not None and options.repeats < 1:
        parser.error(f"--repeats {options.repeats}: expected at least 1")
    plan = QUICK if options.quick else FULL
    plan = replace(plan, repeats=options.repeats or plan.repeats)
    record = run(plan, options.data, options.giotto_python)
    write(record, options.output, plan.stem)
    print("\n" + markdown(record))
    print(f"written to {options.output / plan.stem}.json, .md and .png")


if __name__ == "__main__":
    main()
