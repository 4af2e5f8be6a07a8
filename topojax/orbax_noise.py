"""What orbax refuses, as one exception and without the tracebacks that its threads print.

A failed save or load raises once, and is told several times more: by orbax's log, by the threads
that it wrote in, and by asyncio for every task that nobody waits for any more. All of that says
what the exception says, some of it after the exception: orbax's threads are waited for, and those
of tensorstore, which cannot be, stay unheard.
"""

from __future__ import annotations

import gc
import logging
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

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
    _ignore_closed_loops()
    return refused


def _end_threads() -> None:
    """Wait for the writes beside the one that failed: each logs its own failure at its end."""
    for thread in threading.enumerate():
        if type(thread).__module__.startswith("orbax."):
            thread.join(_LONGEST_WAIT)


def _ignore_closed_loops() -> None:
    """From now on, say nothing of an operation of tensorstore that ends after its event loop.

    Its threads are C++'s, which nothing in Python waits for: on a busy machine they tell that the
    loop is closed long after the save has raised.
    """
    hook = sys.unraisablehook
    if isinstance(hook, _WithoutClosedLoops):
        return
    sys.unraisablehook = _WithoutClosedLoops(hook)


class _WithoutClosedLoops:
    """An unraisable hook that leaves out what asyncio says of a closed loop."""

    def __init__(self, hook: Callable[[Any], Any]) -> None:
        self.hook = hook

    def __call__(self, told: Any) -> None:
        closed = isinstance(told.exc_value, RuntimeError) and told.object is None
        if not (closed and str(told.exc_value) == "Event loop is closed"):
            self.hook(told)


@contextmanager
def _hushed() -> Iterator[None]:
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    disabled = [logger.disabled for logger in loggers]
    hooks = sys.excepthook, sys.unraisablehook, threading.excepthook
    # The first is called by threads of C++, the last by those of Python.
    sys.excepthook = sys.unraisablehook = threading.excepthook = _ignore
    for logger in loggers:
        logger.disabled = True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        sys.excepthook, sys.unraisablehook, threading.excepthook = hooks
        for logger, was in zip(loggers, disabled, strict=True):
            logger.disabled = was


def _ignore(*told: Any) -> None:
    """Say nothing of an exception in a thread or in a clean-up."""
