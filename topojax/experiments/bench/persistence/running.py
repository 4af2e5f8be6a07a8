"""The whole comparison of Betti curves, and its record."""

from __future__ import annotations

import logging
import platform
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from topojax.experiments.bench.machine import processor, processors
from topojax.experiments.bench.persistence import inputs, measurements, peers
from topojax.experiments.bench.persistence.inputs import Sample
from topojax.experiments.bench.persistence.plans import QUICK, Plan
from topojax.experiments.bench.persistence.report import draw, markdown
from topojax.experiments.bench.records import write_record
from topojax.files import write_atomically

_LOGGER = logging.getLogger(__name__)

QUESTION = (
    "How long do Betti curves take here and in other libraries, and how far from memory's speed?"
)


def samples(plan: Plan, data: Path | None) -> Iterator[Sample]:
    """Make the inputs one at a time, as the largest fill memory."""
    for name, width in plan.volumes:
        yield inputs.synthetic(name, (width,) * 3)
    for name, width in plan.images:
        yield inputs.synthetic(name, (width,) * 2)
    yield from inputs.real_samples(plan.real, data)


def run(plan: Plan, data: Path | None = None, giotto_python: str | None = None) -> dict[str, Any]:
    """Check, time and return the record.

    Raises:
        BenchError: curves that differ, before they are timed.
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
            _LOGGER.info("left out: %s, %s", name, reason)
        bandwidth = measurements.measure_bandwidth()
        rows = []
        for sample in samples(plan, data):
            rows.append(measurements.measure(sample, every_peer, plan, bandwidth))
            _LOGGER.info("%s", rows[-1])
    return {
        "question": QUESTION,
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
    """Write the record, its tables and its figure, and print the tables.

    Raises:
        RunError: the folder or a file cannot be written.
    """
    write_record(folder, stem, record, markdown(record))
    write_atomically(folder / f"{stem}.png", draw(record["rows"]))
