"""When a map is flat: its extent is no more than rounding noise."""

from __future__ import annotations

from typing import Any

import numpy as np

_NOISE = np.float32(1e-6)
"""Interpolating a constant leaves rounding noise of about 1e-7 of it; that is not a map."""


def is_flat(lowest: Any, highest: Any) -> Any:
    """Tell whether a map between these extremes is a constant and noise.

    Its extent is no more than noise of the larger of |lowest| and |highest|. Plain arithmetic, so
    that it serves numbers, arrays of numpy and of jax, and compiled code.

    Args:
        lowest, highest: of a map, or arrays of them, one a map.

    Example:
        >>> bool(is_flat(0.5, 0.5 + 1e-8)), bool(is_flat(0.5, 0.6)), bool(is_flat(-1.0, -1.0))
        (True, False, True)
    """
    extent = highest - lowest
    return (extent <= _NOISE * abs(lowest)) | (extent <= _NOISE * abs(highest))
