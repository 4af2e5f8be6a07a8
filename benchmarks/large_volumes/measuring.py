"""Seconds, memory and forests of volumes in chunks; each call is made in a process of its own."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np

from topojax.data.big_volumes import open_volume
from topojax.kernels import betti_curves
from topojax.kernels.chunks import ChunkCurves, chunk_curves, glue_curves
from topojax.topology import chunked
from topojax.topology.chunked.cutting import chunk_grid
from topojax.topology.chunked.reading import Source

N_THRESHOLDS = 50


@dataclass(frozen=True)
class Timed:
    """Seconds of each run, the most bytes that were resident, and what was found."""

    seconds: list[float]
    resident: int
    found: Any


def thresholds_of(path: Path) -> np.ndarray:
    """Return even thresholds over the range of the test volumes' dtype."""
    highest = 255.0 if open_volume(path).dtype == np.uint8 else 1.0
    return np.linspace(0, highest, N_THRESHOLDS)


def read_all(path: Path, runs: int) -> Timed:
    """Read all planes as one worker would, slab by slab."""
    volume = open_volume(path)
    layers = [row[0][0] for row in chunk_grid(Source.of(volume, None), None)]

    def read() -> int:
        return sum(volume[layer.low[0] : layer.high[0]].nbytes for layer in layers)

    return _timed(read, runs)


def in_chunks(path: Path, threads: int, runs: int) -> Timed:
    """Compute the curves from the file, by one thread or several."""
    volume, grid = open_volume(path), thresholds_of(path)
    _warm(volume.dtype)
    if threads == 1:
        return _timed(lambda: chunked.betti_curves(volume, grid), runs)
    with ThreadPoolExecutor(threads) as executor:
        return _timed(lambda: chunked.betti_curves(volume, grid, executor=executor), runs)


def as_a_whole(path: Path, runs: int) -> Timed:
    """Compute the curves of the volume in memory by the kernel of the whole, one thread."""
    volume, grid = open_volume(path), thresholds_of(path)
    _warm(volume.dtype)
    values = volume[: volume.shape[0]]
    return _timed(lambda: betti_curves(values, grid), runs)


def from_memory(path: Path, runs: int) -> Timed:
    """Compute the curves of the volume in memory in chunks, one thread."""
    volume, grid = open_volume(path), thresholds_of(path)
    _warm(volume.dtype)
    values = volume[: volume.shape[0]]
    return _timed(lambda: chunked.betti_curves(values, grid), runs)


def pairs_in_chunks(path: Path, runs: int) -> Timed:
    """Compute the pairs of dimensions 0 and 2 from the file, one thread; return how many."""
    volume = open_volume(path)
    chunked.persistence_pairs(np.zeros((4, 4, 4), volume.dtype), chunks=2)

    def count() -> list[int]:
        return [len(bars) for bars in chunked.persistence_pairs(volume)]

    return _timed(count, runs)


def forests(path: Path) -> dict[str, float]:
    """Measure what chunks leave to be glued, and how long gluing takes.

    Returns:
        Roots and bytes a voxel of a shared face, and seconds a root of two parts that are glued.
    """
    volume, grid = open_volume(path), thresholds_of(path)
    source = Source.of(volume, None)
    # Thin, so that there are several.
    layers = [layer[0][0] for layer in chunk_grid(source, max(2, volume.shape[0] // 8))]
    parts = [chunk_curves(source.read(extent), grid, extent, True) for extent in layers]
    plane = volume.shape[1] * volume.shape[2]
    faces = 2 * (len(parts) - 1) * plane
    roots = sum(forest.places.size for part in parts for forest in _forests(part))
    n_bytes = sum(array.nbytes for part in parts for forest in _forests(part) for array in forest)
    reduce(glue_curves, parts)
    start = time.perf_counter()
    reduce(glue_curves, parts)
    seconds = time.perf_counter() - start
    return {
        "roots_a_face_voxel": roots / faces,
        "bytes_a_face_voxel": n_bytes / faces,
        "glue_ns_a_face_voxel": 1e9 * seconds / faces,
    }


def _forests(part: ChunkCurves) -> tuple[Any, Any]:
    return part.above, part.below


def _timed(call: Callable[[], Any], runs: int) -> Timed:
    seconds = []
    for _ in range(runs):
        start = time.perf_counter()
        found = call()
        seconds.append(time.perf_counter() - start)
    # Kibibytes on Linux.
    return Timed(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, found)


def _warm(dtype: np.dtype) -> None:
    """Have everything compiled."""
    values = np.zeros((4, 4, 4), dtype)
    grid = np.linspace(0, 1, N_THRESHOLDS)
    betti_curves(values, grid)
    chunked.betti_curves(values, grid, chunks=2)
