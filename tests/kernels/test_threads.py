"""Work in threads: all of it in order, and no more of it than asked for once it is stopped."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from topojax.kernels.threads import map_in_threads, run_in_threads

_INTERRUPTED = """
import os, signal, threading, time
from topojax.kernels.threads import map_in_threads, run_in_threads

begun = []
# What a shell starts in its background ignores it.
signal.signal(signal.SIGINT, signal.default_int_handler)

def work(*item):
    begun.append(item)
    time.sleep(0.5)

def batch():
    {call}

threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
start = time.monotonic()
try:
    batch()
except KeyboardInterrupt:
    print(time.monotonic() - start < 4, len(begun) < {most})
"""


@pytest.mark.skipif(sys.platform == "win32", reason="sends a signal")
@pytest.mark.parametrize(
    ("call", "most"),
    [("map_in_threads(work, range(100), 2)", 100), ("run_in_threads(work, 400, 2**27, 2)", 16)],
)
def test_an_interrupt_is_heard_while_threads_work(call: str, most: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _INTERRUPTED.format(call=call, most=most)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == ["True", "True"], done.stderr


def test_nothing_is_begun_after_an_error() -> None:
    begun, both = [], threading.Barrier(2)

    def work(item: int) -> None:
        begun.append(item)
        if item < 2:
            both.wait()
        if item == 1:
            raise ValueError("1 is refused")
        threading.Event().wait(0.2)

    with pytest.raises(ValueError, match="1 is refused"):
        map_in_threads(work, range(200), 2)
    assert len(begun) < 20


@pytest.mark.parametrize("threads", [1, 3])
def test_results_stand_in_the_order_of_their_items(threads: int) -> None:
    assert map_in_threads(lambda item: -item, range(50), threads) == [-i for i in range(50)]
    assert map_in_threads(len, [], threads) == []


@pytest.mark.parametrize("threads", [1, 3])
def test_runs_cover_every_sample_once(threads: int) -> None:
    seen = []
    run_in_threads(lambda start, stop: seen.extend(range(start, stop)), 41, 2**24, threads)
    assert sorted(seen) == list(range(41))
