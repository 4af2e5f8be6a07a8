"""Where the planes of a volume are written to, a slab at a time: zarr, npy, TIFF."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from topojax.data.scans.pictures import TIFF_SUFFIXES
from topojax.data.scans.refusals import library
from topojax.data.synthetic.volumes.plan import VolumePlan
from topojax.errors import ConfigError

_SLAB_BYTES = 2**26
# Of a chunk along the axes, at most: 4 MB of float32. Slabs are as thick as chunks.
_CHUNK = (16, 256, 256)


class Store(Protocol):
    """A volume that is being written: `begin` once, then slabs in order."""

    @property
    def slab(self) -> int:
        """Planes that are written at once."""

    def begin(self) -> None:
        """Make the volume, without voxels."""

    def write(self, start: int, planes: np.ndarray) -> None:
        """Write a slab; the same one may be written again."""


@dataclass(frozen=True)
class ZarrStore:
    """An array of zarr version 3 in a folder, not compressed; `facts` are its attributes."""

    path: Path
    plan: VolumePlan
    chunks: tuple[int, int, int]
    facts: dict[str, Any]

    @property
    def slab(self) -> int:
        """Planes of a chunk."""
        return self.chunks[0]

    def begin(self) -> None:
        """Make the array."""
        library("zarr", "zarr", self.path).create_array(
            self.path,
            shape=self.plan.shape,
            dtype=self.plan.dtype,
            chunks=self.chunks,
            compressors=None,
            attributes=self.facts,
            dimension_names=("z", "y", "x"),
            overwrite=True,
        )

    def write(self, start: int, planes: np.ndarray) -> None:
        """Write chunks."""
        self._array[start : start + len(planes)] = planes

    @cached_property
    def _array(self) -> Any:
        # Values of 0 are stored, too: what lacks a chunk is damaged.
        found = library("zarr", "zarr", self.path).open_array(self.path, mode="r+")
        return found.with_config({"write_empty_chunks": True})


@dataclass(frozen=True)
class FlatFile:
    """A file of voxels one after the other behind a header, npy or TIFF."""

    path: Path
    plan: VolumePlan

    @property
    def slab(self) -> int:
        """Planes of some 64 MB."""
        return _planes_of_a_slab(self.plan)

    def begin(self) -> None:
        """Write the header, and where TIFF keeps it, what says where each page is."""
        dtype, shape = np.dtype(self.plan.dtype), self.plan.shape
        if self.path.suffix.lower() == ".npy":
            head = {"descr": dtype.str, "fortran_order": False, "shape": shape}
            with self.path.open("wb") as file:
                np.lib.format.write_array_header_1_0(file, head)
            return
        library("tifffile", "pictures", self.path).imwrite(
            self.path, shape=shape, dtype=dtype, photometric="minisblack", bigtiff=True
        )

    def write(self, start: int, planes: np.ndarray) -> None:
        """Write planes to their place."""
        with self.path.open("r+b") as file:
            file.seek(self._offset + start * planes[0].nbytes)
            file.write(memoryview(planes).cast("B"))

    @cached_property
    def _offset(self) -> int:
        if self.path.suffix.lower() == ".npy":
            with self.path.open("rb") as file:
                np.lib.format.read_magic(file)
                np.lib.format.read_array_header_1_0(file)
                return file.tell()
        with library("tifffile", "pictures", self.path).TiffFile(self.path) as file:
            return file.series[0].dataoffset


@dataclass(frozen=True)
class PlaneFiles:
    """A folder of TIFF files of one plane each, `plane_0.tif` and on, numbers of one length."""

    path: Path
    plan: VolumePlan

    @property
    def slab(self) -> int:
        """Planes of some 64 MB."""
        return _planes_of_a_slab(self.plan)

    def begin(self) -> None:
        """Make the folder."""
        self.path.mkdir(exist_ok=True)

    def write(self, start: int, planes: np.ndarray) -> None:
        """Write files."""
        tifffile = library("tifffile", "pictures", self.path)
        digits = len(str(self.plan.shape[0] - 1))
        for number, plane in enumerate(planes, start):
            tifffile.imwrite(
                self.path / f"plane_{number:0{digits}}.tif", plane, photometric="minisblack"
            )


def _planes_of_a_slab(plan: VolumePlan) -> int:
    return max(1, _SLAB_BYTES // (plan.nbytes // plan.shape[0]))


def store_for(
    output: Path, place: Path, plan: VolumePlan, chunks: tuple[int, int, int] | None
) -> Store:
    """Return the store that the ending of a path asks for.

    Args:
        output: where the volume will be, `.zarr`, `.npy`, `.tif` or, without ending, a folder.
        place: where it is made.
        plan: of the volume.
        chunks: voxels of a zarr chunk along each axis; None: 16 x 256 x 256 at most.

    Raises:
        ConfigError: another ending, chunks of what has none, or below 1.
    """
    suffix = output.suffix.lower()
    if not output.name or suffix not in (".zarr", ".npy", *TIFF_SUFFIXES, ""):
        raise ConfigError(
            f"{output} ends in {output.suffix!r}; expected .zarr, .npy, .tif, or no ending: a "
            "folder of TIFF files"
        )
    if suffix == ".zarr":
        library("zarr", "zarr", output)
        cut = tuple(map(min, _CHUNK if chunks is None else chunks, plan.shape))
        if min(cut) < 1:
            raise ConfigError(f"chunks={chunks}; expected one voxel or more along each axis")
        return ZarrStore(place, plan, (cut[0], cut[1], cut[2]), facts_of(plan))
    if chunks is not None:
        raise ConfigError(f"chunks={chunks}; {output} has no chunks, only .zarr: leave them out")
    if suffix != ".npy":
        library("tifffile", "pictures", output)
    return PlaneFiles(place, plan) if suffix == "" else FlatFile(place, plan)


def facts_of(plan: VolumePlan) -> dict[str, Any]:
    """Return what is stored of a volume: its plan, and its Betti numbers."""
    return {"synthetic": plan.to_json(), "betti": plan.known().to_json()}


def facts_file(output: Path) -> Path | None:
    """Return the JSON file beside a volume that holds its facts; None of zarr, whose own they are.

    Example:
        >>> facts_file(Path("big.npy")).name
        'big.npy.json'
    """
    if output.suffix.lower() == ".zarr":
        return None
    return output.with_name(f"{output.name}.json")
