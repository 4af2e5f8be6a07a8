"""Rows in memory and in a file are the same array; a file that lacks some is not believed."""

from __future__ import annotations

import tempfile

import numpy as np
import pytest

from topojax.row_files.row_store import FileRows, MemoryRows, checksum

PARTS = ((0, 3), (3, 4), (4, 7))


@pytest.fixture
def array(rng) -> np.ndarray:
    return rng.integers(0, 256, (7, 2, 3, 5), dtype=np.uint8)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_rows_come_back(array, dtype, tmp_path):
    array = array.astype(dtype)
    path = tmp_path / "rows.npy"
    path.touch()
    with path.open("r+b", buffering=0) as file, tempfile.TemporaryFile(buffering=0) as nameless:
        stores = [
            MemoryRows(array.shape, array.dtype),
            FileRows(file, array.shape, array.dtype),
            FileRows(nameless, array.shape, array.dtype),
        ]
        for store in stores:
            for start, stop in PARTS:
                store.append(array[start:stop])
        found = [store.finish() for store in stores]
    for rows in (*found, np.load(path)):
        np.testing.assert_array_equal(rows, array)
        assert rows.dtype == dtype
    with pytest.raises(ValueError, match="read-only"):
        found[1][0] = 0


def test_a_file_is_no_array_before_its_last_row(array, tmp_path):
    path = tmp_path / "rows.npy"
    path.touch()
    with path.open("r+b", buffering=0) as file:
        store = FileRows(file, array.shape, array.dtype)
        store.append(array[:6])
        with pytest.raises(ValueError):  # noqa: PT011  (its words differ between versions of numpy)
            np.load(path)


def test_rows_are_checked_and_the_rest_is_dropped(array, tmp_path):
    path = tmp_path / "rows.npy"
    path.touch()
    checksums = [checksum(array[start:stop]) for start, stop in PARTS]
    with path.open("r+b", buffering=0) as file:
        store = FileRows(file, array.shape, array.dtype)
        for start, stop in PARTS:
            store.append(array[start:stop])
        file.seek(-1, 2)
        file.write(bytes([array[-1, -1, -1, -1] ^ 1]))
        again = FileRows(file, array.shape, array.dtype)
        held = [
            again.holds(stop - start, wanted)
            for (start, stop), wanted in zip(PARTS, checksums, strict=True)
        ]
        assert held == [True, True, False]
        assert not again.holds(1, 0)
        again.keep(4)
        again.append(array[4:])
        np.testing.assert_array_equal(again.finish(), array)
