"""Processes of this machine: their share of its processors, their deaths, their end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from spread_calls import begun_of, refused, squared, squared_unless_killed, threads
from topojax.errors import RunError
from topojax.executors import Spreading, open_executor, spread
from topojax.executors.processes import divided_processors

TWO = Spreading(workers=2)


def test_every_item_is_done_once_by_another_process(tmp_path: Path) -> None:
    with open_executor(TWO) as executor:
        found = list(spread(executor, partial(squared, tmp_path), range(9), what="item"))
    assert sorted(found) == [(n, n**2) for n in range(9)]
    assert begun_of(tmp_path) == Counter(range(9))
    who = {file.name.rpartition("_")[2] for file in tmp_path.iterdir()}
    assert str(os.getpid()) not in who
    assert 1 <= len(who) <= 2


def test_without_an_executor_items_are_done_here_in_their_order(tmp_path: Path) -> None:
    with open_executor(Spreading()) as executor:
        assert executor is None
        found = list(spread(executor, partial(squared, tmp_path), range(3), what="item"))
    assert found == [(0, 0), (1, 1), (2, 4)]
    assert {file.name.rpartition("_")[2] for file in tmp_path.iterdir()} == {str(os.getpid())}


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="processors are not chosen here")
def test_kernels_numba_and_xla_share_the_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PJRT_NPROC", "NPROC"):
        monkeypatch.delenv(name, raising=False)
    before = dict(os.environ), os.sched_getaffinity(0)
    with open_executor(TWO) as executor:
        told = [one for _, one in spread(executor, threads, range(2), what="item")]
    n = max(1, len(before[1]) // 2)
    for one in told:
        assert n <= len(one["processors"]) <= n + 1
        counts = {key: one[key] for key in ("kernels", "numba")}
        assert counts == dict.fromkeys(counts, len(one["processors"]))
        # As many threads as one process would have, on its share of the processors.
        assert one["xla"] == len(before[1])
    assert (dict(os.environ), os.sched_getaffinity(0)) == before


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="processors are not chosen here")
def test_processors_are_divided_without_one_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(2, 9)))
    assert divided_processors(3) == [{2, 3}, {4, 5}, {6, 7, 8}]
    assert divided_processors(9)[6:] == [{8}, {2}, {3}]
    monkeypatch.delattr(os, "sched_getaffinity")
    assert divided_processors(2) == [set(), set()]


def test_what_a_killed_worker_did_is_done_again_and_nothing_else(tmp_path: Path) -> None:
    call = partial(squared_unless_killed, tmp_path, (3, 5), 1)
    with open_executor(TWO) as executor:
        found = list(spread(executor, call, range(8), what="item"))
    assert sorted(found) == [(n, n**2) for n in range(8)]
    assert begun_of(tmp_path) == Counter([*range(8), 3, 5])


def test_an_item_that_ends_every_worker_is_named_when_the_others_are_done(tmp_path: Path) -> None:
    call, found = partial(squared_unless_killed, tmp_path, (3,), 9), []
    named = pytest.raises(RunError, match=r"item 3: its worker died at each of 3 tries")
    with named, open_executor(TWO) as executor:
        found += (result for _, result in spread(executor, call, range(8), what="item"))
    assert sorted(found) == [n**2 for n in range(8) if n != 3]
    assert begun_of(tmp_path) == Counter([*range(8), 3, 3])


def test_what_a_call_raises_is_raised_as_it_is() -> None:
    with pytest.raises(LookupError, match="nothing of 1"), open_executor(TWO) as executor:
        list(spread(executor, refused, range(4), what="item"))


def test_results_come_before_the_last_item_isbegun_of(tmp_path: Path) -> None:
    with open_executor(Spreading(workers=1)) as executor:
        for index, _ in spread(executor, partial(squared, tmp_path), range(1100), what="item"):
            if index == 0:
                assert len(list(tmp_path.iterdir())) < 1100
                break


_PARENT = """
import sys
from functools import partial
from pathlib import Path
from spread_calls import slept
from topojax.executors import Spreading, open_executor, spread

if __name__ == "__main__":
    with open_executor(Spreading(workers=2)) as executor:
        list(spread(executor, partial(slept, Path(sys.argv[1])), [30.0, 31.0, 32.0], what="nap"))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_no_worker_outlives_the_process_that_started_it(tmp_path: Path, number: int) -> None:
    program, folder = tmp_path / "program.py", tmp_path / "begun"
    program.write_text(_PARENT)
    folder.mkdir()
    here = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    parent = subprocess.Popen(
        [sys.executable, program, folder], env=here, stderr=subprocess.PIPE, text=True
    )
    _wait_until(lambda: len(list(folder.iterdir())) == 2)
    parent.send_signal(number)
    _, said = parent.communicate(timeout=10)
    assert parent.returncode in (-number, 130)
    assert "Exception ignored" not in said
    workers = [int(file.name.rpartition("_")[2]) for file in folder.iterdir()]
    assert len(workers) == 2
    _wait_until(lambda: not any(_lives(worker) for worker in workers))


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _wait_until(is_so: Callable[[], bool], patience: float = 20.0) -> None:
    end = time.monotonic() + patience
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.02)
