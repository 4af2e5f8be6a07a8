"""How many bytes does one call of `betti_curves` need beyond its input?

    python peak_memory.py image.npy thresholds.npy

Prints JSON. The kernels are compiled by a tiny call before the measurement.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

from topojax.kernels import betti_curves


def _status(key: str) -> int:
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(f"{key}:"):
            return 1024 * int(line.split()[1])
    raise OSError(f"/proc/self/status has no {key}")


def peak_bytes(image: np.ndarray, thresholds: np.ndarray) -> int | None:
    """Return the growth of resident memory at its peak; None where the system does not tell.

    `ru_maxrss` would not do: a child inherits its parent's peak, and compilation has one too. The
    peak of this process alone can be set back, on Linux.
    """
    betti_curves(image[tuple(slice(0, 4) for _ in image.shape)].copy(), thresholds)
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
        before = _status("VmRSS")
    except OSError:
        return None
    betti_curves(image, thresholds)
    return _status("VmHWM") - before


if __name__ == "__main__":
    print(json.dumps({"bytes": peak_bytes(np.load(sys.argv[1]), np.load(sys.argv[2]))}))
