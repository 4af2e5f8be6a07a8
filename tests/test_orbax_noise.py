"""What is said when orbax refuses something: nothing, then and later."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

from topojax.orbax_noise import refusal

_LATE = """
import asyncio, threading
from topojax.orbax_noise import refusal

loop = asyncio.new_event_loop()
loop.close()

def refuse():
    raise OSError("no")

def tell_the_loop():
    loop.call_soon_threadsafe(print)

def work(function):
    thread = threading.Thread(target=function)
    thread.start()
    thread.join()

for _ in range(2):
    assert str(refusal(refuse)) == "no"
    work(tell_the_loop)
assert refusal(lambda: work(refuse)) is None
print("quiet until here", flush=True)
work(refuse)
"""


def test_what_ends_after_a_refusal_is_not_heard_and_all_else_is() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _LATE], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "quiet until here\n"
    assert done.stderr.count("Traceback") == 1
    assert done.stderr.splitlines()[-1] == "OSError: no"


class _Write(threading.Thread):
    """A thread as orbax has them: to wait for it raises what it raised."""

    __module__ = "orbax.writes"

    def run(self) -> None:
        time.sleep(0.1)
        self.ended = True

    def join(self, timeout: float | None = None) -> None:
        super().join(timeout)
        raise OSError("no space for another part")


def test_a_write_that_fails_beside_the_refused_one_is_waited_for_and_not_raised() -> None:
    beside = _Write()

    def save() -> None:
        beside.start()
        raise OSError("no space for a part")

    assert str(refusal(save)) == "no space for a part"
    assert beside.ended
