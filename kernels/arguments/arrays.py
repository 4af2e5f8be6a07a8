"""Arrays of real numbers, and the one form in which kernels take them."""

from __future__ import annotations

from typing import Any

import numpy as np


def real_array(numbers: Any, name: str) -> np.ndarray:
    """Return what was given as an array.

    Raises:
        TypeError: it holds no real numbers, or numbers of more than 64 bits.
    """
    array = np.asarray(numbers)
    if array.dtype.kind not in "fiub" or array.dtype.itemsize > 8:
        raise TypeError(
            f"{name} has dtype {array.dtype}; expected bool, integer or float of up to 64 bits"
        )
    return array


def read_only(array: np.ndarray, dtype: Any) -> np.ndarray:
    """Return a read-only, C-ordered view or copy of that dtype.

    Numba compiles anew for read-only arrays: with every input read-only there is one variant.
    """
    view = np.require(array, dtype, ["C", "A"]).view()
    view.flags.writeable = False
    return view
