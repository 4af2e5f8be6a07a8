"""The record of how maps are stored."""

from __future__ import annotations

import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from topojax.experiments.bench.cam.page import markdown
from topojax.experiments.bench.cam.storages import RULES
from topojax.experiments.bench.records import write_record

QUESTION = "Is a byte a voxel enough for class activation maps?"


def write(measured: list[dict[str, Any]], folder: Path) -> None:
    """Write the record and its page, and print the page.

    Raises:
        RunError: the folder or a file cannot be written.
    """
    record = {
        "question": QUESTION,
        "date": datetime.now(UTC).date().isoformat(),
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in ("topojax", "jax", "flax", "numpy", "scikit-learn")},
        },
        "rules": [{"weights": list(rule.weights), "tau": rule.tau} for rule in RULES],
        "cases": measured,
    }
    write_record(folder, "cam_storage", record, markdown(record))
