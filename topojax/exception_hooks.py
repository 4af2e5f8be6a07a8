"""The hooks that print exceptions which nobody catches: in threads, in clean-ups, at the end."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import Any

Ignored = Callable[[BaseException | None], bool]


def say_nothing_of(ignored: Ignored) -> Callable[[], None]:
    """Have nothing printed of some such exceptions from now on; return what undoes it.

    Args:
        ignored: tells of an exception whether it is one of them.
    """
    before = sys.excepthook, sys.unraisablehook, threading.excepthook
    # The first is called by threads of C++, too, the last by those of Python.
    sys.excepthook, sys.unraisablehook, threading.excepthook = (
        _but_for(ignored, hook) for hook in before
    )

    def undo() -> None:
        sys.excepthook, sys.unraisablehook, threading.excepthook = before

    return undo


def say_nothing() -> Callable[[], None]:
    """Have nothing printed of any such exception from now on; return what undoes it."""
    return say_nothing_of(lambda error: True)


def _but_for(ignored: Ignored, hook: Callable[..., Any]) -> Callable[..., Any]:
    def told(*arguments: Any) -> None:
        # The type, the exception and its traceback; or one object that has them.
        error = arguments[1] if len(arguments) > 1 else arguments[0].exc_value
        if not ignored(error):
            hook(*arguments)

    return told
