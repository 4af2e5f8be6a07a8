"""Work in threads: all of it in order, and no more of it than asked for once it is stopped."""

from __future__ import annotations

import os
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


@pytest.mark.parametrize("callers", [True, False])
def test_no_run_is_begun_after_an_error_in_any_thread(callers: bool) -> None:
    begun, both = [], threading.Barrier(2)

    def write(start: int, stop: int) -> None:
        begun.append((start, stop))
        if len(begun) < 3:
            both.wait(10)
        if (threading.current_thread() is threading.main_thread()) == callers:
            raise ValueError(f"{start} is refused")
        threading.Event().wait(0.2)

    with pytest.raises(ValueError, match="is refused"):
        run_in_threads(write, 400, 2**27, 2)
    assert 2 <= len(begun) < 5


@pytest.mark.parametrize(("threads", "others"), [(1, 0), (3, 2), (40, 9)])
def test_the_caller_works_beside_its_threads(threads: int, others: int) -> None:
    meeting, seen = threading.Barrier(others + 1), set()

    def write(start: int, stop: int) -> None:
        if threading.get_ident() not in seen:
            seen.add(threading.get_ident())
            meeting.wait(10)

    run_in_threads(write, 10, 2**24, threads)
    assert len(seen) == others + 1
    assert threading.get_ident() in seen


_FORKED = """
import os, threading
from topojax.kernels.threads import run_in_threads

def threads():
    meeting, seen = threading.Barrier(3), set()

    def write(start, stop):
        if threading.get_ident() not in seen:
            seen.add(threading.get_ident())
            meeting.wait(10)

    run_in_threads(write, 100, 2**24, 3)
    return len(seen)

print(threads(), flush=True)
child = os.fork()
if child == 0:
    print(threads(), flush=True)
    os._exit(0)
print(os.waitpid(child, 0)[1], threads())
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_forked_process_has_threads_of_its_own() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _FORKED],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stdout.split() == ["3", "3", "0", "3"], done.stderr


def test_runs_within_runs_end() -> None:
    seen = []

    def write(start: int, stop: int) -> None:
        run_in_threads(lambda first, last: seen.extend(range(first, last)), 9, 2**24, 3)

    run_in_threads(write, 8, 2**24, 4)
    assert sorted(seen) == sorted([*range(9)] * 8)


@pytest.mark.parametrize("threads", [1, 3])
def test_results_stand_in_the_order_of_their_items(threads: int) -> None:
    assert map_in_threads(lambda item: -item, range(50), threads) == [-i for i in range(50)]
    assert map_in_threads(len, [], threads) == []


@pytest.mark.parametrize("threads", [1, 3])
def test_runs_cover_every_sample_once(threads: int) -> None:
    seen = []
    run_in_threads(lambda start, stop: seen.extend(range(start, stop)), 41, 2**24, threads)
    assert sorted(seen) == list(range(41))
