"""Ctrl-C and SIGTERM: one line, exit code 130 or 143, and what was begun can be gone on with.

An interrupt may reach any line of any library. Those that run threads or event loops tell of it in
tracebacks, and a clean-up that is interrupted swallows it. So once a signal has been heard nothing
is printed but the one line, and a process that goes on all the same is ended after a while.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, NoReturn

from topojax.exception_hooks import say_nothing

_WORDS = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated"}
# How long clean-ups may take; a lock or a part of a file that they leave is no obstacle.
_PATIENCE_S = 5.0


class Stopped(SystemExit):
    """A signal that asks to stop.

    Of this kind since event loops and click let it pass, where click turns a KeyboardInterrupt
    into a line of its own.
    """

    def __init__(self, number: int) -> None:
        super().__init__(128 + number)
        self.number = number


@contextmanager
def stopping_in_one_line() -> Iterator[None]:
    """End the process in one line where a signal stops the block."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals are the main thread's
        return
    # A signal that is ignored, as nohup and a shell's background do, stays so.
    heard = [number for number in _WORDS if signal.getsignal(number) not in (signal.SIG_IGN, None)]
    before = {number: signal.signal(number, _stop) for number in heard}
    try:
        yield
    except Stopped as stopped:
        # What was printed by then is whole lines; a reader may have gone.
        with suppress(OSError, ValueError):
            sys.stdout.flush()
        end(stopped.number)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def end(number: int) -> NoReturn:
    """Say what stopped the process and how to go on, and end it."""
    line = f"topojax: {_WORDS[signal.Signals(number)]}; the same command goes on from here"
    os.write(2, f"{line}, a fit with --resume and its --output\n".encode())
    # Not sys.exit: threads that are waited for at the end would say what they think of it.
    os._exit(128 + number)


def _stop(number: int, frame: Any) -> None:
    for other in _WORDS:
        signal.signal(other, lambda again, _: end(again))
    logging.disable()
    say_nothing()
    patience = threading.Timer(_PATIENCE_S, end, (number,))
    patience.daemon = True
    patience.start()
    raise Stopped(number)
