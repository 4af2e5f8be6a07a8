"""The whole comparison of Betti curves, and its record."""

from __future__ import annotations

import logging
import platform
import statistics
from contextlib import ExitStack
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from topojax.experiments.bench.machine import processor, processors
from topojax.experiments.bench.persistence import (
    batches,
    giotto,
    inputs,
    loops,
    measurements,
    peers,
)
from topojax.experiments.bench.persistence.peers import Peer
from topojax.experiments.bench.persistence.plans import QUICK, Plan
from topojax.experiments.bench.persistence.processes import compilation, memory
from topojax.experiments.bench.persistence.report import draw, markdown
from topojax.experiments.bench.records import write_record
from topojax.files import write_atomically

_LOGGER = logging.getLogger(__name__)

QUESTION = (
    "How long do Betti curves take here and in other libraries, and how far from memory's speed?"
)


def run(plan: Plan, data: Path | None = None, giotto_python: str | None = None) -> dict[str, Any]:
    """Check, time and return the record.

    Raises:
        BenchError: curves that differ, before they are timed.
    """
    every_peer, left_out = peers.importable_peers()
    left_out |= inputs.missing(plan.real(), data)
    versions = {"python": platform.python_version()} | peers.installed_versions()
    with ExitStack() as stack:
        try:
            peer, versions["giotto-tda"] = stack.enter_context(giotto.giotto_peer(giotto_python))
            every_peer.append(peer)
        except OSError as error:
            left_out[peers.GIOTTO] = error.strerror or str(error)
        for name, reason in left_out.items():
            _LOGGER.info("left out: %s, %s", name, reason)
        bandwidth = measurements.measure_bandwidth()
        rows = []
        for sample in inputs.samples(plan.images, data):
            rows.append(measurements.measure(sample, every_peer, plan, bandwidth))
            _LOGGER.info("%s", rows[-1])
        threads = [batches.measure_batch(batch, every_peer, plan) for batch in plan.batches]
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
        "threads": threads,
        "second_processor": statistics.median(row["arithmetic"] for row in threads),
        "single_calls": batches.measure_single_calls(plan.single, plan),
        "loops": _loops(every_peer, plan, data),
        "roi": measurements.measure_roi(plan.roi, plan),
        "memory": [memory.measure_memory(sample) for sample in inputs.samples(plan.memory, data)],
        "first_call": [compilation.measure_first_call(call) for call in plan.first_calls],
    }


def _loops(every_peer: list[Peer], plan: Plan, data: Path | None) -> list[dict[str, Any]]:
    """Time pairs of dimension 1, where there is cripser to check and time beside."""
    if peers.CRIPSER not in {peer.name for peer in every_peer}:
        return []
    return loops.measure_loops(inputs.samples(plan.loops, data), plan)


def write(record: dict[str, Any], folder: Path, stem: str) -> None:
    """Write the record, its tables and its figure, and print the tables.

    Raises:
        RunError: the folder or a file cannot be written.
    """
    write_record(folder, stem, record, markdown(record))
    write_atomically(folder / f"{stem}.png", draw(record["rows"]))
