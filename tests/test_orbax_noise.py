"""What is said when orbax refuses something: nothing, then and later."""

from __future__ import annotations

import subprocess
import sys

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
