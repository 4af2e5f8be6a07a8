"""The hooks that print exceptions which nobody catches: in threads, in clean-ups, at the end."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import Any


def say_nothing() -> Callable[[], None]:
    """Have nothing printed of such exceptions from now on; return what undoes it."""
    before = sys.excepthook, sys.unraisablehook, threading.excepthook
    # The first is called by threads of C++, too, the last by those of Python.
    sys.excepthook = sys.unraisablehook = threading.excepthook = _ignore

    def undo() -> None:
        sys.excepthook, sys.unraisablehook, threading.excepthook = before

    return undo


def _ignore(*told: Any) -> None:
    """Say nothing of an exception."""
