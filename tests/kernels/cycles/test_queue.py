"""The queue against a sorted list."""

from __future__ import annotations

import numpy as np
from numba import njit

from topojax.kernels.cycles.queue import (
    close_gaps,
    empty_queue,
    has_room,
    larger_queue,
    put,
    take_latest,
)


@njit
def taken_in_turn(codes, often):
    """Put all codes, taking one after every few; return what was taken, the rest at the end."""
    queue = empty_queue(1)
    taken = np.zeros(codes.size, np.uint64)
    end = waiting = count = 0
    for k in range(codes.size):
        if not has_room(queue, end, 1):
            queue = larger_queue(queue)
        end = put(queue, end, codes[k])
        waiting += 1
        if k % often == 0:
            taken[count] = take_latest(queue, end)
            count += 1
            waiting -= 1
            end = close_gaps(queue, end, waiting)
    while waiting > 0:
        taken[count] = take_latest(queue, end)
        count += 1
        waiting -= 1
        end = close_gaps(queue, end, waiting)
    return taken, take_latest(queue, end)


def test_the_latest_is_taken_first(rng):
    codes = rng.permutation(np.arange(1, 20_001, dtype=np.uint64)) << np.uint64(33)
    for often in (2, 3, 50):
        taken, nothing = taken_in_turn(codes, often)
        assert nothing == 0
        waiting: list[int] = []
        want = []
        for k, code in enumerate(codes.tolist()):
            waiting.append(code)
            if k % often == 0:
                waiting.sort()
                want.append(waiting.pop())
        want.extend(sorted(waiting, reverse=True))
        assert taken.tolist() == want
