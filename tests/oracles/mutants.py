"""Damaged copies of files: what a disk, a transfer or an attacker may make of their bytes."""

from __future__ import annotations

import numpy as np

EXTREMES = (0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 2**31 - 1, 2**31, 2**32 - 1, 2**40, 2**62, 2**64 - 1)
# How far around its place a number is looked for that may be a length.
_AROUND = 2048


def mutated(data: bytes, rng: np.random.Generator, *, head: int | None = None) -> bytes:
    """Return the data with bytes changed, a bit turned over, cut off, put in, or a length replaced.

    Args:
        data: at least one byte.
        rng: where the changes come from.
        head: half of the changes are among so many first bytes, where headers are; None: they are
            anywhere alike.
    """
    changed = bytearray(data)
    kind = rng.integers(5)
    most = len(data) if head is None or rng.random() < 0.5 else min(len(data), head)
    where = int(rng.integers(most))
    if kind == 0:
        for position in rng.integers(len(data), size=rng.integers(1, 9)):
            changed[position] = rng.integers(256)
    elif kind == 1:
        changed[where] ^= 1 << int(rng.integers(8))
    elif kind == 2:
        del changed[where:]
    elif kind == 3:
        changed[where:where] = rng.bytes(int(rng.integers(1, 65)))
    else:
        width = int(rng.choice([1, 2, 4, 8]))
        value = int(rng.choice(np.array(EXTREMES, np.uint64))) % 256**width
        start = _length_field(data, where, width, rng)
        changed[start : start + width] = value.to_bytes(width, "little")
    return bytes(changed)


def _length_field(data: bytes, where: int, width: int, rng: np.random.Generator) -> int:
    """Return a place near `where` of a number that may be a length within the data."""
    places = range(max(0, where - _AROUND), min(len(data) - width, where + _AROUND))
    fields = [
        place
        for place in places
        if 0 < int.from_bytes(data[place : place + width], "little") <= len(data)
    ]
    return int(rng.choice(fields or [where]))
