"""Processes of this machine, each of which may die without the others.

The pool of the standard library breaks as a whole when one of its processes dies, and does not tell
whose item that was. So each worker here is a pool of one process, opened again after a death.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import count, pairwise
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, TypeVar

_Result = TypeVar("_Result")


@contextmanager
def process_executor(workers: int) -> Iterator[Executor]:
    """Open an executor on so many processes; where the block raises, they are ended at once."""
    executor = ProcessExecutor(workers)
    try:
        yield executor
    except BaseException:
        executor.end()
        raise
    executor.shutdown()


class ProcessExecutor(Executor):
    """Runs every call in one of so many processes, each with its share of the processors.

    A future whose process dies raises BrokenProcessPool; the next call has a new process. Processes
    are started by spawn, since jax does not survive a fork, and end with this one, however it ends.

    Args:
        workers: 1 or more.
    """

    def __init__(self, workers: int) -> None:
        self._context = get_context("spawn")
        # Nothing is ever sent: its end tells the processes that this one has ended.
        self._lifeline, self._held = self._context.Pipe(duplex=False)
        self._own = threading.local()
        self._pools: list[ProcessPoolExecutor] = []
        shares, places = divided_processors(workers), count()
        self._threads = ThreadPoolExecutor(
            workers, "topojax-worker", initializer=lambda: _take(shares[next(places)])
        )

    def submit(self, fn: Callable[..., _Result], /, *args: Any, **kwargs: Any) -> Future[_Result]:
        """Run a call in the first process that is free."""
        return self._threads.submit(self._run, fn, args, kwargs)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Let the processes end after what they do."""
        self._threads.shutdown(wait, cancel_futures=cancel_futures)
        for pool in tuple(self._pools):
            pool.shutdown(wait)
        self._held.close()

    def end(self) -> None:
        """End the processes in the middle of what they do."""
        self._held.close()
        self.shutdown(cancel_futures=True)

    def _run(self, call: Callable[..., _Result], args: tuple, kwargs: dict[str, Any]) -> _Result:
        """Run a call in the process of this thread, and wait for it."""
        pool = getattr(self._own, "pool", None)
        if pool is None:
            pool = self._own.pool = self._opened()
        try:
            return pool.submit(call, *args, **kwargs).result()
        except BrokenProcessPool:
            pool.shutdown()  # nothing of it is left behind
            self._pools.remove(pool)
            self._own.pool = None
            raise

    def _opened(self) -> ProcessPoolExecutor:
        pool = ProcessPoolExecutor(1, self._context, _begin, (self._lifeline,))
        self._pools.append(pool)
        return pool


def divided_processors(workers: int) -> list[set[int]]:
    """Return which of the processors that this process may use each worker has; each has one.

    Empty sets where the system does not let a process choose, such as macOS.
    """
    if not hasattr(os, "sched_getaffinity"):
        return [set()] * workers
    all_of_them = sorted(os.sched_getaffinity(0))
    n = len(all_of_them)
    if workers >= n:
        return [{all_of_them[worker % n]} for worker in range(workers)]
    bounds = [worker * n // workers for worker in range(workers + 1)]
    return [set(all_of_them[a:b]) for a, b in pairwise(bounds)]


def _take(processors: set[int]) -> None:
    """Leave this thread, and the processes that it starts, these processors."""
    # Kernels, Numba, XLA and the libraries of BLAS and OpenMP all count them when they begin, and
    # a process has its parent thread's before it imports anything.
    if processors:
        os.sched_setaffinity(0, processors)


def _begin(lifeline: Connection) -> None:
    # Ctrl-C reaches all processes of a terminal; what then becomes of these is their parent's.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(lifeline,), daemon=True).start()


def _end_with(lifeline: Connection) -> None:
    """End this process when the one that started it has ended or wants it to."""
    try:
        lifeline.recv_bytes()
    except (EOFError, OSError):
        os._exit(1)
