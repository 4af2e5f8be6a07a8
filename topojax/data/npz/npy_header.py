"""What the header of an npy array declares, held against what is there, before anything is read.

numpy reads a header of the length that the file names, up to four gigabytes of a deflated member,
and makes room for an array of the shape that it names, before it compares either with the file.
"""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from math import prod
from typing import IO

import numpy as np

from topojax.data.memory import in_units

NPY_START = np.lib.format.MAGIC_LEN
# numpy's own limit, beyond which it takes no header from a file that is not trusted.
_LONGEST_HEADER = 10_000
# A byte of deflate stands for 1032 at most.
_DEFLATE_FOLD = 1032
# Beside each array as it is stored, float32 of it.
_COPY = np.dtype(np.float32).itemsize


@dataclass(frozen=True)
class Declared:
    """What a header says.

    Attributes:
        stored: bytes of the array with its header.
        needed: bytes that it takes to read it; 0 for pickled objects, which are refused elsewhere.
    """

    stored: int
    needed: int

    def check_held(self, n_bytes: int) -> None:
        """Raise ValueError where the array claims more than its bytes, header included."""
        if self.stored > n_bytes:
            raise ValueError(
                f"its header declares {in_units(self.stored)}, there are {in_units(n_bytes)}"
            )


def check_member_size(member: zipfile.ZipInfo) -> None:
    """Raise ValueError where a member of a zip names more bytes than its bytes can stand for."""
    fold = {zipfile.ZIP_STORED: 1, zipfile.ZIP_DEFLATED: _DEFLATE_FOLD}.get(member.compress_type)
    if fold is not None and member.file_size > fold * member.compress_size:
        raise ValueError(
            f"it names {member.file_size} bytes, more than {member.compress_size} can stand for"
        )


def read_npy_header(start: bytes, file: IO[bytes]) -> Declared:
    """Return what the header of an npy array declares.

    Args:
        start: the first `NPY_START` bytes of the array.
        file: behind them; left behind the header.

    Raises:
        ValueError: no header, one that is too long, or no valid shape.
    """
    version = np.lib.format.read_magic(io.BytesIO(start))
    first = version == (1, 0)
    length = file.read(2 if first else 4)
    n_header = int.from_bytes(length, "little")
    if n_header > _LONGEST_HEADER:
        raise ValueError(f"its header is {n_header} bytes long, at most {_LONGEST_HEADER} are read")
    header = io.BytesIO(length + file.read(n_header))
    # The third version is the second in UTF-8, which matters for names of fields alone.
    read = np.lib.format.read_array_header_1_0 if first else np.lib.format.read_array_header_2_0
    shape, _, dtype = read(header)
    if any(type(size) is not int or size < 0 for size in shape):
        raise ValueError(f"a negative length, or none, in its shape {shape}")
    behind = NPY_START + len(header.getbuffer())
    if dtype.hasobject:
        # Pickled, in fewer bytes than their pointers.
        return Declared(behind, 0)
    count = prod(shape)
    return Declared(behind + count * dtype.itemsize, count * (dtype.itemsize + _COPY))
