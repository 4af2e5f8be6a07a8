"""NaN in an image, looked for by compiled code; no level could be told of it."""

from __future__ import annotations

import numpy as np

from ..compiling import inner


@inner
def has_nan(flat: np.ndarray) -> bool:
    """Return whether floats (N,) have NaN."""
    found = False
    # Without an early exit, which would keep LLVM from comparing a register at a time.
    for k in range(flat.size):
        found |= flat[k] != flat[k]
    return found
