"""Which loop ends at which voxel: the boundary matrix reduced mod 2, column by column."""

from __future__ import annotations

import numpy as np

from ..compiling import entry, inner
from .chain import MOST_ADDED, add_across, add_edges, clear, note_keys
from .columns import cycles_of, list_columns
from .links import earlier_word, six_steps
from .pushing import push_down
from .queue import close_gaps, empty_queue, has_room, larger_queue, voxel_of
from .reduced import (
    Reduced,
    add_stored,
    enter,
    has_room_for_edges,
    nothing_reduced,
    store,
    with_room_for_edges,
    with_same_pivot,
)


@inner
def _reduce_one(
    chain: np.ndarray,
    row: int,
    plane: int,
    steps: np.ndarray,
    joins: np.ndarray,
    queue: np.ndarray,
    end: int,
    waiting: int,
    reduced: Reduced,
) -> tuple[int, int, int, int]:
    """Reduce the cycle at hand, as far as the queue has room.

    Returns:
        The voxel that closed the loop, or 0, and the directions left over there; the queue's end,
        and the codes in it: without a voxel and with codes there was no more room.
    """
    while waiting > 0:
        code, left_over, end, waiting = push_down(
            chain, row, plane, steps, joins, queue, end, waiting
        )
        voxel = voxel_of(code)
        while left_over != 0:
            same = with_same_pivot(reduced, voxel, left_over)
            if same == 0:
                return voxel, left_over, end, waiting
            start, stop = reduced.starts[same], reduced.stops[same]
            if not has_room(queue, end, stop - start + 1):
                before = end
                end = add_edges(chain, queue, end, voxel, left_over)
                return 0, 0, end, waiting + end - before
            rest = left_over ^ int(np.int64(reduced.left_over[same]))
            # Either may stand for the pivot from now on: what fills them is earlier than what fills
            # the cycles to come. The shorter one is added faster.
            if waiting < stop - start and has_room_for_edges(reduced, waiting):
                store(reduced, same, left_over, chain, queue, end)
            left_over = rest
            before = end
            end = add_stored(reduced, start, stop, chain, queue, end)
            waiting += end - before
        end = close_gaps(queue, end, waiting)
        if not has_room(queue, end, MOST_ADDED):
            break
    return 0, 0, end, waiting


@entry
def list_filling(
    keys: np.ndarray,
    voxels: np.ndarray,
    cavities: np.ndarray,
    row: int,
    plane: int,
    pieces: np.ndarray,
    chain: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    note_keys(keys, chain)
    return list_columns(chain, voxels, cavities, row, plane, pieces)


@entry
def reduce_columns(
    chain: np.ndarray,
    columns: np.ndarray,
    n_ends: np.ndarray,
    row: int,
    plane: int,
    joins: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Pair the voxels that close loops with those that fill them.

    Args:
        columns, n_ends: voxels in the total order, and how many loops end at each.

    Returns:
        births, deaths: int64, positions of one length.
    """
    steps = six_steps(row, plane)
    total = 0
    for n in n_ends:
        total += n
    births, deaths = np.empty(total, np.int64), np.empty(total, np.int64)
    reduced, queue = nothing_reduced(chain.size, total), empty_queue(1)
    cycles = np.empty(12, np.int64)
    found = 0
    for j in range(columns.size):
        column = np.int64(columns[j])
        n_cycles = cycles_of(earlier_word(chain, row, plane, column), joins, cycles)
        wanted = found + n_ends[j]
        for i in range(n_cycles):
            # Once as many loops have ended as do, the other cycles are boundaries.
            if found == wanted:
                break
            end = add_across(chain, steps, queue, 0, column, cycles[i])
            voxel, left_over, waiting = 0, 0, end
            while voxel == 0 and waiting > 0:
                voxel, left_over, end, waiting = _reduce_one(
                    chain, row, plane, steps, joins, queue, end, waiting, reduced
                )
                if voxel == 0 and waiting > 0:
                    queue = larger_queue(queue)
            if voxel != 0:
                if not has_room_for_edges(reduced, waiting):
                    reduced = with_room_for_edges(reduced, waiting)
                births[found], deaths[found] = voxel, column
                found += 1
                store(reduced, found, left_over, chain, queue, end)
                enter(reduced, found, voxel)
            clear(chain, queue, end)
    return births[:found], deaths[:found]
