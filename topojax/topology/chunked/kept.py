"""Finished parts of a volume in a folder: written once, by hash, and read by whoever goes on."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from topojax.errors import DataError
from topojax.files import make_folder, open_atomically
from topojax.kernels.chunks import Extent
from topojax.topology.chunked.described import Described

# Of the files' contents; another one makes old files strangers.
_VERSION = 1


@dataclass(frozen=True)
class Kept:
    """Where parts are.

    Attributes:
        folder: of the files.
        question: what is asked of which volume, as JSON.
    """

    folder: Path
    question: str

    @classmethod
    def of(cls, folder: Path, volume: str, described: Described[Any, Any]) -> Kept:
        """Make the folder for the parts of a volume."""
        make_folder(folder, "give another folder")
        asked = {"version": _VERSION, "volume": volume} | described.identity()
        return cls(folder, json.dumps(asked, sort_keys=True))

    def path(self, extent: Extent) -> Path:
        """Return the file of a part, named by where it is and by all that it follows from."""
        content = json.dumps([self.question, extent]).encode()
        low, high = ("_".join(map(str, ends)) for ends in (extent.low, extent.high))
        return self.folder / f"{low}-{high}-{hashlib.sha256(content).hexdigest()[:16]}.npz"

    def has(self, extent: Extent) -> bool:
        """Tell whether a part is finished."""
        return self.path(extent).is_file()

    def write(self, part: Any, described: Described[Any, Any]) -> None:
        """Write a part, unless another worker has."""
        path = self.path(part.extent)
        if not path.is_file():
            with open_atomically(path) as file:
                np.savez(file, allow_pickle=False, **described.to_arrays(part))

    def read(self, extent: Extent, described: Described[Any, Any]) -> Any:
        """Return a part.

        Raises:
            DataError: its file is damaged.
        """
        path = self.path(extent)
        try:
            with np.load(path, allow_pickle=False) as arrays:
                return described.from_arrays(arrays)
        except (zipfile.BadZipFile, OSError, EOFError, KeyError, ValueError) as error:
            raise DataError(
                f"{path} is damaged ({type(error).__name__}: {error}); remove it, and it is "
                "computed again"
            ) from error


def described_or_kept(
    read: Callable[[], np.ndarray],
    extent: Extent,
    described: Described[Any, Any],
    kept: Kept | None,
) -> Any:
    """Return the part of a chunk: from its file, or of its voxels, and then it is kept."""
    if kept is not None and kept.has(extent):
        return kept.read(extent, described)
    part = described.describe(read(), extent)
    if kept is not None:
        kept.write(part, described)
    return part
