"""Volumes in files, read in chunks by one or by many: the kernel's numbers of the whole."""

from __future__ import annotations

import itertools
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracles.slab_volumes import CONSTRUCTIONS, volumes
from spread_calls import KillsOnce
from topojax.errors import DataError
from topojax.executors import Spreading, open_executor
from topojax.executors.slurm_jobs import job_executor
from topojax.kernels import betti_curves as whole_curves
from topojax.kernels import persistence_pairs as whole_pairs
from topojax.topology import chunked
from topojax.topology.chunked.cutting import chunk_grid
from topojax.topology.chunked.reading import Source

THRESHOLDS = np.array([-1.0, 0.0, 0.5, 2.0])
CUTS = [1, np.int64(2), 9, 100, None, (9, 7, 3), (2, 3, 4), (1, 1, 8)]


@pytest.fixture
def volume(rng: np.random.Generator) -> np.ndarray:
    return rng.normal(size=(9, 7, 8)).astype(np.float32)


@pytest.fixture(scope="module")
def two_threads() -> Iterator[Executor]:
    with ThreadPoolExecutor(2) as executor:
        yield executor


@pytest.fixture(scope="module")
def two_processes() -> Iterator[Executor]:
    with open_executor(Spreading(workers=2)) as executor:
        assert executor is not None
        yield executor


def _mapped(volume: np.ndarray, path: Path) -> np.ndarray:
    np.save(path, volume)
    return np.load(path, mmap_mode="r")


@pytest.mark.parametrize("chunks", CUTS)
@pytest.mark.parametrize("construction", CONSTRUCTIONS)
def test_files_give_the_curves_of_the_whole(
    volume: np.ndarray, tmp_path: Path, chunks: chunked.Chunks | None, construction: Any
) -> None:
    import zarr

    whole = whole_curves(volume, THRESHOLDS, construction=construction)
    mapped = _mapped(volume, tmp_path / "volume.npy")
    columns = _mapped(np.asfortranarray(volume), tmp_path / "columns.npy")
    stored = zarr.create_array(tmp_path / "volume.zarr", data=volume, chunks=(4, 4, 4))
    for array in (volume, mapped, mapped[:], columns, stored):
        found = chunked.betti_curves(array, THRESHOLDS, chunks=chunks, construction=construction)
        np.testing.assert_array_equal(found, whole)


@given(
    volumes(),
    st.tuples(*[st.integers(1, 9)] * 3),
    st.sampled_from(CONSTRUCTIONS),
    st.one_of(st.none(), st.integers(0, 2**32 - 1)),
)
def test_any_chunks_and_mask_give_the_whole(volume, chunks, construction, seed) -> None:
    mask = None if seed is None else np.random.default_rng(seed).random(volume.shape) < 0.6
    found = chunked.betti_curves(
        volume, THRESHOLDS, chunks=chunks, mask=mask, construction=construction
    )
    whole = whole_curves(volume, THRESHOLDS, mask=mask, construction=construction)
    np.testing.assert_array_equal(found, whole)


@given(volumes(), st.tuples(*[st.integers(1, 9)] * 3), st.sampled_from(CONSTRUCTIONS))
def test_threads_glue_in_a_tree_what_one_glues_in_order(
    two_threads: Executor, volume, chunks, construction
) -> None:
    options: dict[str, Any] = {"chunks": chunks, "construction": construction}
    alone = chunked.betti_curves(volume, THRESHOLDS, **options)
    many = chunked.betti_curves(volume, THRESHOLDS, executor=two_threads, **options)
    np.testing.assert_array_equal(many, alone)
    layers = chunked.betti_curves(volume, THRESHOLDS, executor=two_threads, tasks=2, **options)
    np.testing.assert_array_equal(layers, alone)
    for some, others, dim in zip(
        chunked.persistence_pairs(volume, executor=two_threads, **options),
        chunked.persistence_pairs(volume, **options),
        (0, 2),
        strict=True,
    ):
        whole = whole_pairs(volume, dim, construction=construction)[0]
        np.testing.assert_array_equal(some, whole[np.lexsort((whole[:, 1], whole[:, 0]))])
        np.testing.assert_array_equal(some, others)


def _serpentine(length: int) -> np.ndarray:
    """One path through the whole volume, up and down in each plane: a boustrophedon."""
    n = 2 * length + 1
    volume = np.full((n, n, n), 9, np.uint8)
    volume[::2, ::2, :] = 1
    for z, turn in itertools.product(range(0, n, 2), range(1, n, 2)):
        volume[z, turn, (n - 1) * ((turn // 2) % 2 == 0)] = 1
    for turn, z in enumerate(range(1, n, 2)):
        # Each plane's path begins in the corner in which the one before it ended.
        if turn % 2:
            volume[z, 0, 0] = 1
        else:
            volume[z, n - 1, (n - 1) * (length % 2 == 0)] = 1
    return volume


@pytest.mark.parametrize("chunks", [1, (3, 3, 3), (2, 13, 4), (1, 2, 1)])
def test_a_serpentine_through_all_chunks_is_one_component(
    two_threads: Executor, chunks: chunked.Chunks
) -> None:
    volume = _serpentine(6)
    grid = np.array([1.0, 9.0])
    for executor in (None, two_threads):
        found = chunked.betti_curves(
            volume, grid, chunks=chunks, construction="V", executor=executor
        )
        assert found[:, 0].tolist() == [1, 0, 0]
        # Its negative is a wall of one piece.
        walls = chunked.betti_curves(
            10 - volume, grid, chunks=chunks, construction="T", executor=executor
        )
        np.testing.assert_array_equal(walls, whole_curves(10 - volume, grid))


@pytest.mark.slow
def test_workers_of_all_kinds_find_the_same(
    volume: np.ndarray, tmp_path: Path, two_processes: Executor
) -> None:
    import submitit
    import zarr

    whole = whole_curves(volume, THRESHOLDS)
    mapped = _mapped(volume, tmp_path / "volume.npy")
    mask = _mapped(volume < 1, tmp_path / "mask.npy")
    stored = zarr.create_array(tmp_path / "volume.zarr", data=volume, chunks=(4, 4, 4))
    for array in (mapped, volume, stored):
        found = chunked.betti_curves(array, THRESHOLDS, chunks=(4, 4, 8), executor=two_processes)
        np.testing.assert_array_equal(found, whole)
    found = chunked.betti_curves(
        mapped, THRESHOLDS, chunks=4, mask=mask, executor=two_processes, folder=tmp_path / "parts"
    )
    np.testing.assert_array_equal(found, whole_curves(volume, THRESHOLDS, mask=volume < 1))
    with job_executor(submitit.LocalExecutor(tmp_path / "jobs"), poll_s=0.2) as jobs:
        found = chunked.betti_curves(mapped, THRESHOLDS, chunks=2, executor=jobs, tasks=2)
    np.testing.assert_array_equal(found, whole)
    # One job of three layers, one of two.
    assert len(list((tmp_path / "jobs").glob("*_submitted.pkl"))) == 2


def test_a_dask_cluster_finds_the_same(volume: np.ndarray, tmp_path: Path) -> None:
    from distributed import LocalCluster

    mapped = _mapped(volume, tmp_path / "volume.npy")
    with (
        LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        open_executor(Spreading(scheduler=cluster.scheduler_address)) as executor,
    ):
        found = chunked.betti_curves(mapped, THRESHOLDS, chunks=(5, 4, 8), executor=executor)
        pairs = chunked.persistence_pairs(
            mapped, chunks=3, executor=executor, folder=tmp_path / "parts"
        )
    np.testing.assert_array_equal(found, whole_curves(volume, THRESHOLDS))
    assert [len(bars) for bars in pairs] == [len(whole_pairs(volume, dim)[0]) for dim in (0, 2)]


@pytest.mark.parametrize("keeps", [False, True])
def test_a_worker_that_is_killed_changes_nothing(
    volume: np.ndarray, tmp_path: Path, two_processes: Executor, keeps: bool
) -> None:
    np.save(tmp_path / "volume.npy", volume)
    array = KillsOnce(tmp_path / "volume.npy", volume.shape, 4)
    folder = tmp_path / "parts" if keeps else None
    found = chunked.betti_curves(array, THRESHOLDS, chunks=2, executor=two_processes, folder=folder)
    assert (tmp_path / "volume.killed").exists()
    np.testing.assert_array_equal(found, whole_curves(volume, THRESHOLDS))


@dataclass
class _Counted:
    """A volume that counts how many of its planes are read, and breaks before one of them."""

    values: np.ndarray
    breaks_at: int = 10**6
    n_read: int = 0

    @property
    def shape(self) -> tuple[int, ...]:
        return self.values.shape

    def __getitem__(self, planes: slice) -> np.ndarray:
        if planes.stop > self.breaks_at:
            raise KeyboardInterrupt
        self.n_read += planes.stop - planes.start
        return self.values[planes]

    def identity(self) -> str:
        return "counted"


def test_finished_chunks_are_not_read_again(volume: np.ndarray, tmp_path: Path) -> None:
    options: dict[str, Any] = {"chunks": 2, "folder": tmp_path / "parts"}
    broken = _Counted(volume, breaks_at=6)
    with pytest.raises(KeyboardInterrupt):
        chunked.betti_curves(broken, THRESHOLDS, **options)
    # Two planes, then two and the one before, twice; the plane that is shared is read twice.
    assert broken.n_read == 2 + 3 + 3
    rest = _Counted(volume)
    found = chunked.betti_curves(rest, THRESHOLDS, **options)
    np.testing.assert_array_equal(found, whole_curves(volume, THRESHOLDS))
    assert rest.n_read == 3 + 2
    again = _Counted(volume)
    chunked.betti_curves(again, THRESHOLDS, **options)
    assert again.n_read == 0
    # Another question is answered by parts of its own.
    for changed in ({"construction": "V"}, {"mask": _Counted(volume > 0)}):
        other = _Counted(volume)
        chunked.betti_curves(other, THRESHOLDS, **options, **changed)
        assert other.n_read == 9 + 4
    chunked.persistence_pairs(other, **options)
    assert other.n_read == 2 * (9 + 4)


def test_parts_of_a_file_that_changed_are_not_taken(volume: np.ndarray, tmp_path: Path) -> None:
    import zarr

    path, folder = tmp_path / "volume.npy", tmp_path / "parts"
    for factor in (1, -1):
        mapped = _mapped(factor * volume, path)
        found = chunked.betti_curves(mapped, THRESHOLDS, chunks=4, folder=folder)
        np.testing.assert_array_equal(found, whole_curves(factor * volume, THRESHOLDS))
        store = zarr.create_array(
            tmp_path / "volume.zarr", data=factor * volume, chunks=(4, 4, 4), overwrite=True
        )
        found = chunked.betti_curves(store, THRESHOLDS, chunks=4, folder=folder)
        np.testing.assert_array_equal(found, whole_curves(factor * volume, THRESHOLDS))


def test_a_damaged_part_is_named(volume: np.ndarray, tmp_path: Path) -> None:
    array = _Counted(volume)
    chunked.betti_curves(array, THRESHOLDS, chunks=5, folder=tmp_path)
    part = min(tmp_path.glob("0_0_0-*.npz"))
    part.write_bytes(part.read_bytes()[:200])
    with pytest.raises(DataError, match=f"{part.name} is damaged.*remove it"):
        chunked.betti_curves(array, THRESHOLDS, chunks=5, folder=tmp_path)


def test_memory_follows_the_chunk_and_not_the_volume(tmp_path: Path) -> None:
    peaks = []
    for depth in (40, 160):
        mapped = _mapped(np.zeros((depth, 128, 128), np.float32), tmp_path / "volume.npy")
        # Once before, for work arrays that are kept.
        for _ in range(2):
            tracemalloc.start()
            chunked.betti_curves(mapped, THRESHOLDS, chunks=4)
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        peaks.append(peak)
    assert peaks[1] < 1.1 * peaks[0]
    assert peaks[0] > 4 * 128 * 128 * 4


def test_chunks_by_default_are_whole_planes_or_whole_chunks_of_zarr() -> None:
    def lengths(shape: tuple[int, ...], chunks: tuple[int, ...] | None = None) -> list[int]:
        array = type("Array", (), {"shape": shape, "chunks": chunks})()
        grid = chunk_grid(Source(array, None), None)
        return [len(grid), len(grid[0]), len(grid[0][0]), max(grid[0][0][0].shape)]

    assert lengths((64, 64, 64)) == [1, 1, 1, 64]
    assert lengths((1024, 1024, 1024)) == [32, 1, 1, 1024]
    # A plane of 5120 x 5120 would leave one plane a chunk.
    layers, rows, places, _ = lengths((5120, 5120, 5120))
    assert (rows > 1, places) == (True, 1)
    assert 5120 / layers >= 32
    layers, rows, places, _ = lengths((4096, 4096, 4096), (128, 128, 128))
    assert {4096 / n % 128 for n in (layers, rows, places)} == {0}


def test_what_cannot_be_sent_to_processes_is_named(
    volume: np.ndarray, two_threads: Executor, two_processes: Executor
) -> None:
    class OpenFile(_Counted):
        """Not at the top of a module, and hence not to be pickled."""

    array = OpenFile(volume)
    found = chunked.betti_curves(array, THRESHOLDS, chunks=4, executor=two_threads)
    np.testing.assert_array_equal(found, whole_curves(volume, THRESHOLDS))
    with pytest.raises(DataError, match="array is a OpenFile that cannot be sent"):
        chunked.betti_curves(array, THRESHOLDS, chunks=4, executor=two_processes)
    with pytest.raises(DataError, match="tasks=2 with array in memory"):
        chunked.betti_curves(volume, THRESHOLDS, executor=two_processes, tasks=2)


@pytest.mark.parametrize(
    ("array", "options", "words"),
    [
        (np.zeros((3, 3)), {}, r"array has shape \(3, 3\).*newaxis"),
        (np.zeros((3, 0, 3)), {}, "no axis of 0"),
        (np.zeros((3, 3, 3)), {"chunks": 0}, "chunks=0"),
        (np.zeros((3, 3, 3)), {"chunks": (1, 2)}, r"chunks=\(1, 2\)"),
        (np.zeros((3, 3, 3)), {"chunks": 1.5}, r"chunks=1\.5"),
        (np.zeros((3, 3, 3)), {"tasks": 0}, "tasks=0"),
        (np.zeros((3, 3, 3)), {"mask": np.ones((3, 3, 2), bool)}, "mask has shape"),
        (np.zeros((3, 3, 3)), {"mask": np.ones((3, 3, 3))}, "mask has dtype float64"),
        (np.full((3, 3, 3), np.nan), {}, r"array from \(0, 0, 0\) to \(3, 3, 3\) has NaN"),
        (np.zeros((3, 3, 3), complex), {}, "dtype complex128"),
        (np.zeros((3, 3, 3)), {"construction": "W"}, "construction='W'"),
        (np.zeros((3, 3, 3)), {"folder": Path("parts")}, "array is a ndarray that is not in a"),
    ],
)
def test_what_cannot_be_read_is_named(array: np.ndarray, options, words: str) -> None:
    with pytest.raises(DataError, match=words):
        chunked.betti_curves(array, THRESHOLDS, **options)
    assert not Path("parts").exists()
