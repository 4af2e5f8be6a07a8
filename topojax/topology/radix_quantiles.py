"""Thresholds that share voxels out equally, of more values than are sorted in memory.

A float32 is a whole number of 32 bits, in the order of its values once negative ones are turned
over. Voxels are counted by the upper 16 bits; by the lower ones only where that matters: where a
value may have more than its share, and where a share ends. So a few passes over the images and a
few tables give what sorting all values would.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from topojax.row_files.row_blocks import row_blocks

_HALF = 2**16
# Tables of lower bits that are filled in one pass, 17 MB, and values that are counted at a time.
_TABLES_AT_ONCE = 32
_VALUES_AT_ONCE = 2**20


def radix_quantiles(images: np.ndarray, n: int) -> np.ndarray:
    """Return the thresholds of `quantile_grid`, float64 (N,).

    Args:
        images: float32 of any shape, two finite values or more; +inf has no say.
        n: N, at least 2.
    """
    counts = _Counts(images)
    if len(counts.used) <= n:
        counts.look_into(counts.used)
        values = [_value(upper, np.flatnonzero(counts.lower[upper])) for upper in counts.used]
        if sum(map(len, values)) <= n:
            return np.concatenate(values).astype(np.float64)
    share, slots = _share(counts, n)
    masses = counts.upper * slots
    for upper, found in counts.lower.items():
        masses[upper] = np.minimum(found * slots, share).sum()
    through = np.cumsum(masses)
    ends = share * np.arange(1, n + 1)
    places = np.searchsorted(through, ends)
    counts.look_into(np.unique(places))
    thresholds = [
        _value(upper, np.searchsorted(_through(counts, upper, slots, share), end))
        for upper, end in zip(places, ends - (through - masses)[places], strict=True)
    ]
    return np.array(thresholds, np.float64)


class _Counts:
    """Voxels by the upper half of their bits, and by the lower half where it was looked into.

    Attributes:
        upper: int64 (65536,).
        lower: by upper half, int64 (65536,).
    """

    def __init__(self, images: np.ndarray) -> None:
        self._images = images
        self.upper = np.zeros(_HALF, np.int64)
        self.lower: dict[int, np.ndarray] = {}
        for keys in self._keys():
            self.upper += np.bincount(keys >> 16, minlength=_HALF)

    @property
    def used(self) -> np.ndarray:
        """Upper halves that some voxel has, in order."""
        return np.flatnonzero(self.upper)

    def look_into(self, uppers: np.ndarray) -> None:
        """Count by the lower half, too, the voxels of these upper halves."""
        new = [int(upper) for upper in uppers if int(upper) not in self.lower]
        for start in range(0, len(new), _TABLES_AT_ONCE):
            some = new[start : start + _TABLES_AT_ONCE]
            number = np.full(_HALF, -1, np.int64)
            number[some] = np.arange(len(some))
            tables = np.zeros(len(some) * _HALF, np.int64)
            for keys in self._keys():
                table = number[keys >> 16]
                places = table[table >= 0] * _HALF + (keys[table >= 0] & (_HALF - 1))
                tables += np.bincount(places, minlength=len(tables))
            self.lower |= dict(zip(some, tables.reshape(len(some), _HALF), strict=True))

    def _keys(self) -> Iterator[np.ndarray]:
        """Yield the finite values as uint32 in their order, run by run; -0 is 0."""
        for rows in row_blocks(self._images.shape, _VALUES_AT_ONCE):
            block = self._images[rows].ravel()
            bits = (block[block < np.inf] + np.float32(0)).view(np.uint32)
            yield np.where(bits >> 31, ~bits, bits | np.uint32(2**31))


def _share(counts: _Counts, n: int) -> tuple[int, int]:
    """Return what is left once the largest counts are cut to one share, and among how many.

    A value has more than its share where count * slots > left; the more of them are cut, the less
    is a share. What was not looked into has no such value as soon as its whole count is none.
    """
    while True:
        found = [table[table > 0] for table in counts.lower.values()]
        known = np.sort(np.concatenate(found))[::-1] if found else np.empty(0, np.int64)
        left, slots = int(counts.upper.sum()), n
        for count in known[: n - 1].tolist():
            if count * slots <= left:
                break
            left, slots = left - count, slots - 1
        large = np.flatnonzero(counts.upper * slots > left)
        if all(int(upper) in counts.lower for upper in large):
            return left, slots
        counts.look_into(large)


def _through(counts: _Counts, upper: int, slots: int, share: int) -> np.ndarray:
    return np.cumsum(np.minimum(counts.lower[upper] * slots, share))


def _value(upper: int, lower: np.ndarray) -> np.ndarray:
    """Return the float32 of both halves."""
    keys = np.uint32(upper * _HALF) + np.asarray(lower).astype(np.uint32)
    return np.where(keys >> 31, keys ^ np.uint32(2**31), ~keys).astype(np.uint32).view(np.float32)
