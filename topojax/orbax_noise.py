"""What orbax refuses, as one exception and without the tracebacks that its threads print.

A failed save or load raises once, and is told several times more: by orbax's log, by the threads
that it wrote in, and by asyncio for every task that nobody waits for any more. All of that says
what the exception says, some of it after the exception: orbax's threads are waited for, and those
of tensorstore, which cannot be, stay unheard.
"""

from __future__ import annotations

import gc
import logging
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache

from topojax.exception_hooks import say_nothing, say_nothing_of

_LOGGERS = ("absl", "asyncio")
_LONGEST_WAIT = 60.0  # seconds; a storage that hangs must not hang the refusal


def refusal(call: Callable[[], object]) -> Exception | None:
    """Call orbax and return what it raised, without its traceback, or None."""
    with _hushed():
        try:
            call()
        except Exception as error:  # orbax raises a wide family; all mean the same to a reader
            refused = error
        else:
            return None
        _end_threads()
        # The frames hold the tasks that asyncio complains about once they are collected.
        refused.__traceback__ = refused.__cause__ = refused.__context__ = None
        gc.collect()
    _ignore_latecomers()
    return refused


def _end_threads() -> None:
    """Wait for the writes beside the one that failed: each logs its own failure at its end."""
    for thread in threading.enumerate():
        if type(thread).__module__.startswith("orbax."):
            # Its own `join` raises what the thread did.
            threading.Thread.join(thread, _LONGEST_WAIT)


@cache
def _ignore_latecomers() -> None:
    """Have nothing said, once and for good, of reads and writes that end after a refusal.

    tensorstore's threads still tell the event loop of them, which is closed by then.
    """
    say_nothing_of(
        lambda error: isinstance(error, RuntimeError) and "Event loop is closed" in str(error)
    )


@contextmanager
def _hushed() -> Iterator[None]:
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    disabled = [logger.disabled for logger in loggers]
    undo = say_nothing()
    for logger in loggers:
        logger.disabled = True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        undo()
        for logger, was in zip(loggers, disabled, strict=True):
            logger.disabled = was
