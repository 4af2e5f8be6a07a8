"""Arrays in files that other processes map: whole, or not there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from topojax.files import NoSpaceError
from topojax.row_files.row_blocks import is_mapped
from topojax.row_files.shared_rows import share_rows, shared_rows


def test_rows_come_back_mapped(tmp_path: Path, rng: np.random.Generator) -> None:
    for shape, dtype in (((5, 700, 900, 2), np.float32), ((7,), np.int64), ((1, 3), np.uint8)):
        rows = (100 * rng.random(shape)).astype(dtype)
        file = tmp_path / f"{len(shape)}.npy"
        share_rows(file, rows)
        found = shared_rows(file)
        assert is_mapped(found)
        assert found.dtype == dtype
        np.testing.assert_array_equal(found, rows)
        with pytest.raises(ValueError, match="read-only"):
            found[:] = 0


def test_slices_of_maps_are_written_as_they_are(tmp_path: Path) -> None:
    share_rows(tmp_path / "all.npy", np.arange(24.0).reshape(6, 4))
    part = shared_rows(tmp_path / "all.npy")[2:, ::2]
    share_rows(tmp_path / "part.npy", part)
    assert shared_rows(tmp_path / "part.npy").tolist() == [[8, 10], [12, 14], [16, 18], [20, 22]]


def test_a_file_that_is_there_is_left(tmp_path: Path) -> None:
    share_rows(tmp_path / "a.npy", np.zeros(3))
    share_rows(tmp_path / "a.npy", np.ones(3))
    assert shared_rows(tmp_path / "a.npy").tolist() == [0, 0, 0]
    assert [path.name for path in tmp_path.iterdir()] == ["a.npy"]


def test_what_the_disk_does_not_hold_is_refused_before(tmp_path: Path) -> None:
    rows = np.broadcast_to(np.float32(0), (10**9, 10**6))
    with pytest.raises(NoSpaceError, match="no space left"):
        share_rows(tmp_path / "a.npy", rows)
    assert not [*tmp_path.iterdir()]
