"""Arrays that other processes read by rows: written once, and mapped by whoever needs them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from topojax.files import check_space, open_atomically
from topojax.row_files.row_blocks import row_blocks
from topojax.row_files.row_store import FileRows


def share_rows(path: Path, rows: np.ndarray) -> None:
    """Write an array, in memory or mapped, as an npy file, unless the file is there.

    Args:
        path: of the file, named by what the array is: a file that is there is not looked into.
        rows: of any shape.

    Raises:
        NoSpaceError: there is no space for it.
        RunError: the folder is missing or cannot be written.
    """
    if path.exists():
        return
    check_space(path, rows.nbytes)
    with open_atomically(path) as file:
        store = FileRows(file, rows.shape, rows.dtype)
        for some in row_blocks(rows.shape):
            store.append(rows[some])


def shared_rows(path: Path) -> np.ndarray:
    """Return the array of the file, mapped and not to be written to.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     share_rows(Path(folder) / "rows.npy", np.arange(6).reshape(3, 2))
        ...     shared_rows(Path(folder) / "rows.npy")[1:].tolist()
        [[2, 3], [4, 5]]
    """
    return np.load(path, mmap_mode="r", allow_pickle=False)
