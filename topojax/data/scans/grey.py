"""Grey scales in which more is darker, turned over."""

from __future__ import annotations

import numpy as np


def inverted(stored: np.ndarray, bits: int) -> np.ndarray:
    """Return pixels turned over within what their bits can hold; floats with their sign changed."""
    if stored.dtype.kind == "b":
        return ~stored
    if stored.dtype.kind == "f":
        return -stored
    # Lowest plus highest value: of signed numbers -1.
    ends = -1 if stored.dtype.kind == "i" else 2**bits - 1
    return (ends - stored.astype(np.int64)).astype(stored.dtype)
