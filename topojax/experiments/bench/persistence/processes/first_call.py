"""How long does the first call of a kernel take, with all that it imports and compiles?

    python first_call.py volume

Prints seconds. Whether anything is compiled depends on the folder that NUMBA_CACHE_DIR names.
"""

from __future__ import annotations

import time

_START = time.perf_counter()

import sys  # noqa: E402
from collections.abc import Callable  # noqa: E402

import numpy as np  # noqa: E402

from topojax import kernels  # noqa: E402

_WIDTH = 28
_THRESHOLDS = np.linspace(0, 1, 50)
_COUNT = 2


def _noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).random(shape, np.float32)


def _masked() -> object:
    volume = _noise(_WIDTH, _WIDTH, _WIDTH)
    return kernels.betti_curves(volume, _THRESHOLDS, mask=volume < 0.5)


def _population() -> object:
    volumes = _noise(_COUNT, _WIDTH, _WIDTH, _WIDTH)
    maps = (255 * volumes[:, np.newaxis]).astype(np.uint8)
    return kernels.roi_betti_curves(volumes, maps, [[1.0]], [0.5], _THRESHOLDS)


CALLS: dict[str, Callable[[], object]] = {
    "volume": lambda: kernels.betti_curves(_noise(_WIDTH, _WIDTH, _WIDTH), _THRESHOLDS),
    "image": lambda: kernels.betti_curves(_noise(_WIDTH, _WIDTH), _THRESHOLDS),
    "masked": _masked,
    "batch": lambda: kernels.betti_curves_batch(
        _noise(_COUNT, _WIDTH, _WIDTH, _WIDTH), _THRESHOLDS
    ),
    "population": _population,
    "steps": lambda: kernels.betti_steps(_noise(_WIDTH, _WIDTH, _WIDTH)),
    "pairs": lambda: kernels.persistence_pairs(_noise(_WIDTH, _WIDTH, _WIDTH), 0),
}

if __name__ == "__main__":
    CALLS[sys.argv[1]]()
    print(time.perf_counter() - _START)
