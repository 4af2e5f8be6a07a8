"""Whether an input is one volume that is read in slabs, and how thick these are."""

from __future__ import annotations

import logging
import math
import os
from pathlib import Path

from topojax.config import Config
from topojax.data.big_volumes import FileVolume, is_big_volume, open_volume
from topojax.data.memory import in_units, memory_limit
from topojax.errors import ConfigError, DataError
from topojax.experiments.features.streamed import streamed_topology

_LOGGER = logging.getLogger(__name__)

# Of the memory that a whole volume may take, as stored and as float32: kernels take as much again.
_SHARE = 4
# Of a slab: as stored, as float32 and what is found on the way; a quarter of the memory at most.
_VOXELS_AT_ONCE = 2**24
_SLAB_BYTES_A_VOXEL = 20


def volume_in_slabs(data: str, settings: Config, *, chunks: int | None) -> FileVolume | None:
    """Return an input as one volume that is read in slabs; None: it is whole images that fit.

    Without `chunks` these are zarr arrays, OME-Zarr images and TIFF stacks beyond a quarter of the
    memory, and beyond all of it where the settings need the whole at once. An npy file or a folder
    of TIFF files is one volume where `chunks` is given alone: else they are arrays and folders of
    images.

    Args:
        data: path of a file or folder, or anything else that names images.
        settings: of the topology and of the preparation.
        chunks: planes to read at once, as the user asked; None: not asked.

    Raises:
        DataError: with chunks, the input is no volume that can be read so; without, it is an npy
            file beyond the memory.
        ConfigError: chunks below 1.
    """
    path = Path(data)
    if chunks is not None:
        if chunks < 1:
            raise ConfigError(f"chunks={chunks}; expected at least one plane")
        return open_volume(path)
    is_npy = path.suffix.lower() == ".npy" and os.path.isfile(path)
    if not (is_npy or is_big_volume(path)):
        return None
    try:
        volume = open_volume(path)
    except DataError:
        return None  # a plane, colours, or what the readers of whole images refuse in their words
    needed = volume.nbytes + 4 * math.prod(volume.shape)
    limit = memory_limit()
    if is_npy and needed > limit:
        raise DataError(
            f"{data} takes {in_units(needed)}, and there are {in_units(limit)}; where it is one "
            "volume and no array of images, give --chunks, the planes to read at once"
        )
    most = limit // _SHARE if _are_streamed(settings, path) else limit
    return volume if not is_npy and needed > most else None


def _are_streamed(settings: Config, path: Path) -> bool:
    try:
        streamed_topology(settings, path)
    except ConfigError:
        return False
    return True


def planes_at_once(volume: FileVolume) -> int:
    """Return how many planes are looked through at once, where nobody asked for a number.

    About 16 million voxels, and whole chunks of the file, as far as memory allows.
    """
    plane, together = math.prod(volume.shape[1:]), volume.chunks[0]
    most = max(_VOXELS_AT_ONCE, memory_limit() // (_SHARE * _SLAB_BYTES_A_VOXEL))
    if together * plane <= most:
        return together * max(1, _VOXELS_AT_ONCE // (together * plane))
    # Each chunk is read by several slabs, all of them as thick.
    shares = [n for n in range(1, together + 1) if together % n == 0]
    return max((n for n in shares if n * plane <= most), default=1)


def say_in_parts(volume: FileVolume, chunks: int | None) -> None:
    """Say on the logger that a volume is read in parts, and of what."""
    size = " x ".join(map(str, volume.shape))
    notes = "".join(f"; {note}" for note in volume.notes)
    _LOGGER.info(
        "%s: one volume of %s voxels, %s, read in %s%s",
        volume.path,
        size,
        in_units(volume.nbytes),
        "chunks" if chunks is None else f"slabs of {min(chunks, volume.shape[0])} planes",
        notes,
    )
