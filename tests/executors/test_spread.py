"""Who is blamed where workers share their fate, as those of a pool or of one machine do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from spread_calls import begun_of, squared_unless_killed
from topojax.executors import ItemsLostError, spread


class _OnePool(Executor):
    """Two processes, of which none survives the other; opened again at the next call."""

    def __init__(self) -> None:
        self._open()

    def _open(self) -> None:
        self._pool = ProcessPoolExecutor(2, get_context("spawn"))

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        try:
            return self._pool.submit(fn, *args, **kwargs)
        except BrokenProcessPool:
            self._open()
            return self.submit(fn, *args, **kwargs)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self._pool.shutdown(wait, cancel_futures=cancel_futures)


def test_one_that_ends_all_workers_is_found_and_its_neighbours_finish(tmp_path: Path) -> None:
    call, found = partial(squared_unless_killed, tmp_path, (3,), 9), {}
    with _OnePool() as executor, pytest.raises(ItemsLostError, match=r"^item 3: .* 3 tr") as lost:
        found.update(spread(executor, call, range(8), what="item"))
    assert found == {index: index**2 for index in range(8) if index != 3}
    assert list(lost.value.reasons) == [3]


def test_several_that_end_their_workers_are_all_told(tmp_path: Path) -> None:
    call, found = partial(squared_unless_killed, tmp_path, (1, 4), 9), {}
    with _OnePool() as executor, pytest.raises(ItemsLostError, match="and so did those of 1 more"):
        found.update(spread(executor, call, range(6), what="item"))
    assert found == {index: index**2 for index in (0, 2, 3, 5)}


def test_no_item_is_tried_more_often_than_asked(tmp_path: Path) -> None:
    call = partial(squared_unless_killed, tmp_path, (0,), 9)
    with _OnePool() as executor, pytest.raises(ItemsLostError, match="1 tries"):
        list(spread(executor, call, [0], what="item", tries=1))
    assert begun_of(tmp_path) == Counter([0])
