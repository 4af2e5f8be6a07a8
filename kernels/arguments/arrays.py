"""Arrays of real numbers, and the one form in which kernels take them."""

from __future__ import annotations

from typing import Any

import numpy as np


def split_masked(numbers: Any) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the values of an array, and where numpy's masked array says that there are none.

    The second is bool of the same shape, or None where nothing is masked. `np.asarray` alone would
    take the values under the mask for values.
    """
    several = isinstance(numbers, (list, tuple))
    if several and any(isinstance(one, np.ma.MaskedArray) for one in numbers):
        numbers = np.ma.stack(numbers)
    hidden = np.ma.getmaskarray(numbers) if isinstance(numbers, np.ma.MaskedArray) else None
    return np.asarray(numbers), None if hidden is None or not hidden.any() else hidden


def plain_array(numbers: Any, name: str) -> np.ndarray:
    """Return what was given as an array.

    Raises:
        ValueError: some of it is masked.
    """
    array, hidden = split_masked(numbers)
    if hidden is not None:
        raise ValueError(
            f"{name} has {np.count_nonzero(hidden)} masked values; expected none, fill them, such "
            f"as with {name}.filled(value)"
        )
    return array


def real_array(numbers: Any, name: str) -> np.ndarray:
    """Return what was given as an array.

    Raises:
        TypeError: it holds no real numbers, or numbers of more than 64 bits.
        ValueError: some of it is masked.
    """
    return check_real(plain_array(numbers, name), name)


def check_real(array: np.ndarray, name: str) -> np.ndarray:
    """Return the array, or raise TypeError unless it holds real numbers of up to 64 bits."""
    if array.dtype.kind not in "fiub" or array.dtype.itemsize > 8:
        raise TypeError(
            f"{name} has dtype {array.dtype}; expected bool, integer or float of up to 64 bits"
        )
    return array


def plain_layout(array: np.ndarray, dtype: Any) -> np.ndarray:
    """Return a C-ordered, aligned array of that dtype: the array itself where it is one."""
    ordered = np.asarray(array, dtype, order="C")
    return ordered if ordered.flags.aligned else ordered.copy()


def read_only(array: np.ndarray, dtype: Any) -> np.ndarray:
    """Return a read-only, C-ordered view or copy of that dtype.

    Numba compiles anew for read-only arrays: with every input read-only there is one variant.
    """
    plain = plain_layout(array, dtype)
    if not plain.flags.writeable:
        return plain
    view = plain.view()
    view.setflags(write=False)
    return view
