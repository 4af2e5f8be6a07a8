"""A call of every item on an executor: results as they come, and what if a worker dies."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, Executor, Future
from contextlib import suppress
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeVar

from tqdm import tqdm

from topojax.errors import shown
from topojax.executors.deaths import ItemsLostError, is_death

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

# An array of SLURM has by default at most 1001 jobs.
_IN_FLIGHT = 1000
# Seconds. Some systems deliver Ctrl-C to a thread that waits only when its wait ends.
_SLICE = 0.5


def spread(
    executor: Executor | None,
    call: Callable[[_Item], _Result],
    items: Sequence[_Item],
    *,
    what: str,
    tries: int = 3,
    progress: bool = False,
) -> Iterator[tuple[int, _Result]]:
    """Call every item, and yield its place and its result as soon as that is there.

    An item whose worker dies is given to another. Which of several items ended a worker that they
    shared cannot be told, so that an item's last try is made with nothing else in flight: one that
    ends every worker is found, and the others come to their results.

    Args:
        executor: of `open_executor`, or any; None: calls are made here, one after the other.
        call: a function that other processes can import, or a partial of one.
        items: small, such as paths, configurations and ranges; workers read the rest themselves.
        what: an item for people, such as `trial`.
        tries: how often an item whose workers die is begun.
        progress: show one bar over all items on a terminal.

    Raises:
        ItemsLostError: when the others are done, naming an item whose workers died at every try.
        Exception: what a call raises, as it is; what has not begun by then is never begun.
    """
    with tqdm(total=len(items), desc=what, unit="", disable=None if progress else True) as bar:
        if executor is None:
            for index, item in enumerate(items):
                yield index, call(item)
                bar.update()
            return
        given = _Given(executor, call, items, tries)
        try:
            for index, result in given.results():
                bar.update()
                yield index, result
        finally:
            given.cancel()
    if given.refused:
        raise _lost(given, what)


@dataclass
class _Given(Generic[_Item, _Result]):
    """What was given to an executor, and what is still to be."""

    executor: Executor
    call: Callable[[_Item], _Result]
    items: Sequence[_Item]
    tries: int
    refused: dict[int, BaseException] = field(default_factory=dict)
    _deaths: Counter[int] = field(default_factory=Counter)
    _flying: dict[Future[_Result], int] = field(default_factory=dict)
    _landed: SimpleQueue[Future[_Result]] = field(default_factory=SimpleQueue)

    def results(self) -> Iterator[tuple[int, _Result]]:
        waiting, suspects = deque(range(len(self.items))), deque[int]()
        while waiting or suspects or self._flying:
            while waiting and len(self._flying) < _IN_FLIGHT:
                self._submit(waiting.popleft())
            if not self._flying:
                self._submit(suspects.popleft())
            index, result, error = self._next()
            if error is None:
                yield index, result
                continue
            if not is_death(error):
                raise error
            self._deaths[index] += 1
            left = self.tries - self._deaths[index]
            if left > 1:
                waiting.append(index)
            elif left == 1:
                suspects.append(index)
            else:
                self.refused[index] = error

    def cancel(self) -> None:
        for future in self._flying:
            future.cancel()

    def _submit(self, index: int) -> None:
        future = self.executor.submit(self.call, self.items[index])
        self._flying[future] = index
        future.add_done_callback(self._landed.put)

    def _next(self) -> tuple[int, Any, BaseException | None]:
        """Wait for a future; return its item's place with a result or an exception.

        No future is kept: for one, Dask would compute a result again whose worker dies later.
        """
        while True:
            with suppress(Empty):
                future = self._landed.get(timeout=_SLICE)
                break
        index = self._flying.pop(future)
        if future.cancelled():
            return index, None, CancelledError()
        error = future.exception()
        return index, None if error else future.result(), error


def _lost(given: _Given[Any, Any], what: str) -> ItemsLostError:
    reasons = {
        index: f"its worker died at each of {given.tries} tries "
        f"({shown(' '.join(f'{type(died).__name__}: {died}'.split()), 120)})"
        for index, died in sorted(given.refused.items())
    }
    (first, reason), *others = reasons.items()
    more = f", and so did those of {len(others)} more" if others else ""
    return ItemsLostError(
        f"{what} {shown(str(given.items[first]), 200)}: {reason}{more}; the others are done. Most "
        "often memory is short: give fewer workers, or workers that have more, and the same "
        "command goes on from here",
        reasons,
    )
