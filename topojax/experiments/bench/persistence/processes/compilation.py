"""First calls: seconds of imports and of one call, with nothing compiled and later."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

CALLS = {
    "volume": "`betti_curves`, 28³",
    "image": "`betti_curves`, 28²",
    "masked": "`betti_curves`, 28³ with a mask",
    "batch": "`betti_curves_batch`, 2 × 28³",
    "population": "`roi_betti_curves`, 2 × 28³",
    "steps": "`betti_steps`, 28³",
    "pairs": "`persistence_pairs`, 28³, dimension 0",
}
"""The calls of `first_call.py`, as a reader writes them."""


def measure_first_call(call: str) -> dict[str, float | str]:
    """Return seconds of a first process, into an empty folder of compiled code, and of a second."""
    script = Path(__file__).with_name("first_call.py")
    command = [sys.executable, str(script), call]
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"NUMBA_CACHE_DIR": folder}
        first, later = (
            float(
                subprocess.run(
                    command, check=True, env=environment, stdout=subprocess.PIPE, text=True
                ).stdout
            )
            for _ in range(2)
        )
    return {"call": CALLS[call], "first_s": first, "later_s": later}
