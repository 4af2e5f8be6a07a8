"""Room for Python's frames: no depth of calls at which every further call asks for memory."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from topojax.kernels.compiling.frames import with_room

resource = pytest.importorskip("resource")
_CALLS = 200


def _leaf(k: int) -> tuple[int, ...]:
    # A frame that is larger than those below it, so that it is the first beyond some edge.
    return k, k, k, k, k, k, k, k, k, k, k, k, k, k, k, k, k, k, k, k, k, k, k, k


def _faults_at(depth: int) -> int:
    """Count the pages that the system provides while a leaf is called at some depth."""
    if depth:
        return _faults_at(depth - 1)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for k in range(_CALLS):
        _leaf(k)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


def _most_faults(call: Callable[..., int]) -> int:
    return max(call(_faults_at, depth) for depth in range(300))


def test_with_room_no_depth_asks_for_memory_at_every_call():
    # A thread has frames of its own, below which there are no others.
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(_most_faults, lambda call, depth: call(depth)).result() >= _CALLS
        assert pool.submit(_most_faults, with_room).result() < _CALLS // 4


def test_arguments_results_and_errors_pass_through():
    assert with_room(divmod, 7, 2) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        with_room(divmod, 7, 0)
