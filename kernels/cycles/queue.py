"""A queue of voxels from which the latest in the total order is taken.

A heap's branches cannot be foreseen. Here codes lie in groups of 32 blocks of 32, and of each block
the highest is known: to take the highest of all looks through these and through one block, by
vector instructions. A code is a voxel's key above its position, both of 32 bits; 0 is none.

One array holds all, since numba counts the references of each that is passed on. A group has 1088
words: first a number that none of its codes exceeds, from 32 on the highest of each block, and from
64 on the codes.
"""

from __future__ import annotations

import numpy as np

from ..compiling import inlined, inner, making

_BLOCK = 32
_GROUP = _BLOCK * _BLOCK
_STRIDE = _GROUP + 2 * _BLOCK
_POSITION = np.uint64(0xFFFFFFFF)


@making
def empty_queue(n_groups: int) -> np.ndarray:
    """No code, and room for 1024 a group."""
    return np.zeros(_STRIDE * n_groups, np.uint64)


@inner
def has_room(queue: np.ndarray, end: int, more: int) -> bool:
    """Tell whether more codes fit."""
    return end + more <= queue.size // _STRIDE * _GROUP


@making
def larger_queue(queue: np.ndarray) -> np.ndarray:
    """Return the same codes in twice the room."""
    larger = empty_queue(2 * (queue.size // _STRIDE))
    for i in range(queue.size):
        larger[i] = queue[i]
    return larger


@inner
def code_of(word: np.uint64, voxel: int) -> np.uint64:
    """A voxel's key, the upper half of its word (see `chain`), above its position."""
    return (word & ~_POSITION) | np.uint64(voxel)


@inner
def voxel_of(code: np.uint64) -> int:
    """Position of a voxel from its code."""
    return int(np.int64(code & _POSITION))


@inner
def slot(i: int) -> int:
    """Where the code at place i is."""
    return i + 2 * _BLOCK * (i // _GROUP + 1)


@inner
def put(queue: np.ndarray, end: int, code: np.uint64) -> int:
    """Put a code behind the others; return the new end."""
    group = end // _GROUP * _STRIDE
    block = group + _BLOCK + end % _GROUP // _BLOCK
    queue[slot(end)] = code
    queue[block] = max(queue[block], code)
    queue[group] = max(queue[group], code)
    return end + 1


@inlined
def _latest_group(queue: np.ndarray, n_groups: int) -> int:
    """Where the group begins that has the highest code of several."""
    while True:
        group = 0
        for start in range(_STRIDE, _STRIDE * n_groups, _STRIDE):
            if queue[start] > queue[group]:
                group = start
        highest = np.uint64(0)
        for b in range(_BLOCK, 2 * _BLOCK):
            highest = max(highest, queue[group + b])
        if highest == queue[group]:
            return group
        queue[group] = highest


@inlined
def take_latest(queue: np.ndarray, end: int) -> np.uint64:
    """Take the highest code, or 0 where there is none; its place stays empty."""
    group, n_blocks = 0, (end + _BLOCK - 1) // _BLOCK
    if n_blocks > _BLOCK:
        group = _latest_group(queue, (n_blocks + _BLOCK - 1) // _BLOCK)
        n_blocks = _BLOCK
    top = np.uint64(0)
    for b in range(n_blocks):
        top = max(top, queue[group + _BLOCK + b])
    if top == 0:
        return top
    block = 0
    while queue[group + _BLOCK + block] != top:
        block += 1
    start = group + _BLOCK * (block + 2)
    place, others = 0, np.uint64(0)
    for i in range(_BLOCK):
        code = queue[start + i]
        found = code == top
        place += i if found else 0
        others = max(others, np.uint64(0) if found else code)
    queue[start + place] = 0
    queue[group + _BLOCK + block] = others
    return top


@inlined
def close_gaps(queue: np.ndarray, end: int, waiting: int) -> int:
    """Move the codes together if less than half of the places hold one; return the new end."""
    if end <= 2 * waiting + _BLOCK:
        return end
    forget_highest(queue, end)
    count = 0
    for i in range(end):
        at = slot(i)
        code = queue[at]
        queue[at] = 0
        if code != 0:
            count = put(queue, count, code)
    return count


@inner
def forget_highest(queue: np.ndarray, end: int) -> None:
    """Clear all that is known of the codes before an end."""
    for group in range(0, slot(end), _STRIDE):
        for b in range(2 * _BLOCK):
            queue[group + b] = 0
