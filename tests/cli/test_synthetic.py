"""`topojax synthetic`: a volume, and its numbers printed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import zarr

from topojax.kernels import betti_curves


def _table(out: str) -> np.ndarray:
    lines = [line.split() for line in out.splitlines()[1:]]
    return np.array([line for line in lines if len(line) == 4 and line[0][0].isdigit()], float)


def test_numbers_that_are_printed_are_those_of_the_volume(
    topojax: Callable[..., Any], tmp_path: Path
) -> None:
    path = tmp_path / "v.zarr"
    arguments = (path, "--shape", 33, 40, 50, "--chunks", 8, 20, 50, "--seed", 4)
    outcome = topojax("synthetic", *arguments)
    assert outcome.code == 0, outcome.err
    array = zarr.open_array(path, mode="r")
    assert array.chunks == (8, 20, 50)
    table = _table(outcome.out)
    for construction in ("T", "V"):
        counted = betti_curves(array[...], table[:, 0], construction=construction)
        np.testing.assert_array_equal(counted.T, table[:, 1:])
    assert table.shape == (5, 4)
    assert f"{path}: 33 x 40 x 50 voxels, float32, shapes, seed 4" in outcome.out
    assert "264000 bytes to be written" in outcome.err
    again = topojax("synthetic", *arguments)
    assert (again.code, again.out) == (6, "")
    assert "exists and is not overwritten" in again.err
    replaced = topojax(
        "synthetic", path, "--shape", 2, 3, 4, "--kind", "noise", "--dtype", "uint8", "--overwrite"
    )
    assert replaced.code == 0, replaced.err
    assert "of this kind no others are known" in replaced.out
    assert zarr.open_array(path, mode="r").dtype == np.uint8


def test_a_shape_that_holds_no_object_is_refused(
    topojax: Callable[..., Any], tmp_path: Path
) -> None:
    refused = topojax("synthetic", tmp_path / "v.npy", "--shape", 8, 8, 8)
    assert refused.code == 4
    assert "shape=(8, 8, 8) of kind shapes; expected three axes of 16 voxels or more" in refused.err
    assert not list(tmp_path.iterdir())


def test_features_in_slabs_are_those_of_the_whole(
    topojax: Callable[..., Any], tmp_path: Path
) -> None:
    path = tmp_path / "v.zarr"
    topojax("synthetic", path, "--shape", 32, 33, 34)
    tables = []
    for number, chunks in enumerate([[], ["--chunks", 5]]):
        output = tmp_path / f"{number}.npz"
        outcome = topojax("features", path, *chunks, "-o", output)
        assert outcome.code == 0, outcome.err
        said = "one volume of 32 x 33 x 34 voxels, 143616 bytes, read in slabs of 5 planes"
        assert (said in outcome.err) == bool(chunks)
        assert "1 descriptors of 151 values" in outcome.out
        tables.append(np.load(output))
    assert tables[0].files == tables[1].files
    for name in tables[0].files:
        np.testing.assert_array_equal(tables[0][name], tables[1][name])
    # A folder of planes is one volume where that is asked for, and else images.
    topojax("synthetic", tmp_path / "planes", "--shape", 32, 33, 34)
    for chunks, rows in (["--chunks", 9], 1), ([], 32):
        output = tmp_path / f"{rows}_rows.npz"
        assert topojax("features", tmp_path / "planes", *chunks, "-o", output).code == 0
        assert len(np.load(output)["descriptors"]) == rows
    assert (np.load(tmp_path / "1_rows.npz")["descriptors"] == tables[0]["descriptors"]).all()
    refused = topojax("features", path, "--chunks", 5, "--split", "test", "-o", tmp_path / "x.csv")
    assert refused.code == 4
    assert "--chunks is of one volume as a whole" in refused.err
