"""Arrays within a budget and beyond it hold the same; what is mapped is told from copies."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topojax.errors import RunError
from topojax.row_files.row_blocks import is_mapped, row_blocks
from topojax.row_files.row_budget import RowBudget


@given(n=st.integers(0, 40), width=st.integers(1, 9), numbers=st.integers(1, 60), least=st.just(2))
def test_runs_cover_all_rows_in_order(n: int, width: int, numbers: int, least: int) -> None:
    runs = list(row_blocks((n, width), numbers, least))
    assert [row for run in runs for row in range(run.start, run.stop)] == list(range(n))
    lengths = [run.stop - run.start for run in runs]
    assert all(length <= max(least, numbers // width) for length in lengths)
    assert all(length >= least for length in lengths[:-1])


def test_what_exceeds_the_budget_is_in_a_file_without_a_name(tmp_path: Path) -> None:
    rows = np.arange(10**6, dtype=np.uint8).reshape(1000, 1000)
    blocks = [rows[:400], rows[400:]]
    held = RowBudget(1, tmp_path / "new").array(blocks, rows.shape, rows.dtype)
    kept = RowBudget(1, tmp_path / "new").shared_by(2).array(blocks, rows.shape, rows.dtype)
    assert (is_mapped(held), is_mapped(kept)) == (False, True)
    np.testing.assert_array_equal(held, rows)
    np.testing.assert_array_equal(kept, rows)
    assert list((tmp_path / "new").iterdir()) == []
    with pytest.raises(ValueError, match="read-only"):
        kept[0] = 0


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match=r"file.*raise cam\.memory_mb") as caught:
        RowBudget(0, tmp_path / "file").array([np.ones(3)], (3,), np.float64)
    assert "\n" not in str(caught.value)


def test_copies_of_maps_are_not_mapped(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.arange(6.0).reshape(3, 2))
    array = np.load(tmp_path / "a.npy", mmap_mode="r")
    views = (array, array[1:], np.asarray(array).T, array.reshape(6))
    assert all(map(is_mapped, views))
    copies = (array.copy(), array[[0, 1]], array + 1, np.array(array), np.arange(3))
    assert not any(map(is_mapped, copies))
