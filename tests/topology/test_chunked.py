"""Volumes in files, read in slabs: the kernel's curves of the whole."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from topojax.errors import DataError
from topojax.kernels import betti_curves as whole_curves
from topojax.topology import chunked

THRESHOLDS = np.array([-1.0, 0.0, 0.5, 2.0])


@pytest.fixture
def volume(rng: np.random.Generator) -> np.ndarray:
    return rng.normal(size=(9, 7, 8)).astype(np.float32)


@pytest.mark.parametrize("chunks", [1, 2, 9, 100, None])
@pytest.mark.parametrize("construction", ["T", "V"])
def test_files_give_the_curves_of_the_whole(
    volume: np.ndarray, tmp_path: Path, chunks: int | None, construction
) -> None:
    import zarr

    whole = whole_curves(volume, THRESHOLDS, construction=construction)
    np.save(tmp_path / "volume.npy", volume)
    mapped = np.load(tmp_path / "volume.npy", mmap_mode="r")
    stored = zarr.create_array(tmp_path / "volume.zarr", data=volume, chunks=(4, 4, 4))
    for array in (volume, mapped, stored):
        found = chunked.betti_curves(array, THRESHOLDS, chunks=chunks, construction=construction)
        np.testing.assert_array_equal(found, whole)


def test_a_mask_is_read_with_its_volume(volume: np.ndarray, rng: np.random.Generator) -> None:
    mask = rng.random(volume.shape) < 0.6
    found = chunked.betti_curves(volume, THRESHOLDS, chunks=2, mask=mask)
    np.testing.assert_array_equal(found, whole_curves(volume, THRESHOLDS, mask=mask))


def test_memory_follows_the_slab_and_not_the_volume(tmp_path: Path) -> None:
    peaks = []
    for depth in (40, 160):
        np.save(tmp_path / "volume.npy", np.zeros((depth, 64, 64), np.float32))
        mapped = np.load(tmp_path / "volume.npy", mmap_mode="r")
        chunked.betti_curves(mapped[:8], THRESHOLDS, chunks=4)
        tracemalloc.start()
        chunked.betti_curves(mapped, THRESHOLDS, chunks=4)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.1 * peaks[0]
    assert peaks[0] > 4 * 64 * 64 * 4


@pytest.mark.parametrize(
    ("array", "options", "words"),
    [
        (np.zeros((3, 3)), {}, r"array has shape \(3, 3\)"),
        (np.zeros((3, 3, 3)), {"chunks": 0}, "chunks=0"),
        (np.zeros((3, 3, 3)), {"mask": np.ones((3, 3, 2), bool)}, "mask has shape"),
        (np.full((3, 3, 3), np.nan), {}, "slab 0 has NaN"),
        (np.zeros((3, 3, 3), complex), {}, "dtype complex128"),
        (np.zeros((3, 3, 3)), {"construction": "W"}, "construction"),
    ],
)
def test_what_cannot_be_read_is_named(array: np.ndarray, options, words: str) -> None:
    with pytest.raises(DataError, match=words):
        chunked.betti_curves(array, THRESHOLDS, **options)
