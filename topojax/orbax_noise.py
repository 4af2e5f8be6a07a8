"""What orbax refuses, as one exception and without the tracebacks that its threads print.

A failed save or load raises once, and is told several times more: by orbax's log, by the threads
that it wrote in, and by asyncio for every task that nobody waits for any more. All of that says
what the exception says.
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


def refusal(call: Callable[[], object]) -> Exception | None:
    """Call orbax and return what it raised, without its traceback, or None."""
    with _hushed():
        try:
            call()
        except Exception as error:  # orbax raises a wide family; all mean the same to a reader
            refused = error
        else:
            return None
        # The frames hold the tasks that asyncio complains about once they are collected.
        refused.__traceback__ = refused.__cause__ = refused.__context__ = None
        gc.collect()
        return refused


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
