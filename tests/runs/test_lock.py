"""A folder has one owner at a time; that of a dead one is no obstacle."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from topojax.errors import RunError
from topojax.runs.lock import LOCK_NAME, check_free, hold, in_series
from topojax.runs.owner import Fate, Owner

pytestmark = pytest.mark.skipif(os.name != "posix", reason="elsewhere no owner is known to be dead")

_HOLDER = """
import sys
from pathlib import Path
from topojax.errors import RunError
from topojax.runs.lock import hold
sys.stdin.readline()
try:
    with hold(Path(sys.argv[1]), "run"):
        print("owned", flush=True)
        sys.stdin.readline()
except RunError as error:
    print(error, flush=True)
"""


def _start(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", _HOLDER, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def _tell(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def _answer(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


@contextmanager
def _owned_elsewhere(folder: Path) -> Iterator[subprocess.Popen[str]]:
    process = _start(folder)
    _tell(process)
    assert _answer(process) == "owned"
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def _write_lock(folder: Path, **changes: Any) -> None:
    owner = Owner.this().model_copy(update=changes).to_json()
    (folder / LOCK_NAME).write_text(json.dumps(owner | {"work": "run", "token": "other"}))


def test_the_lock_lasts_as_long_as_the_block(tmp_path: Path) -> None:
    with hold(tmp_path, "run"):
        assert json.loads((tmp_path / LOCK_NAME).read_text())["pid"] == os.getpid()
        with pytest.raises(RunError, match=f"in use by process {os.getpid()} on "):
            check_free(tmp_path)
    with pytest.raises(ZeroDivisionError), hold(tmp_path, "run"):
        _ = 1 / 0
    assert list(tmp_path.iterdir()) == []


def test_a_living_owner_is_named_and_a_killed_one_is_no_obstacle(tmp_path: Path) -> None:
    with _owned_elsewhere(tmp_path) as other:
        for attempt in (lambda: check_free(tmp_path), hold(tmp_path, "run").__enter__):
            with pytest.raises(RunError, match=f"in use by process {other.pid} on .*; wait for it"):
                attempt()
        other.kill()
        other.wait()
        check_free(tmp_path)
        with hold(tmp_path, "run"):
            assert json.loads((tmp_path / LOCK_NAME).read_text())["pid"] == os.getpid()
    assert list(tmp_path.iterdir()) == []


def test_a_number_that_was_given_to_another_process_is_no_obstacle(tmp_path: Path) -> None:
    _write_lock(tmp_path, started="long ago")
    with hold(tmp_path, "run"):
        pass


@pytest.mark.parametrize("changes", [{"host": "elsewhere"}, {"machine": "another"}])
def test_an_owner_that_cannot_be_looked_for_keeps_the_folder(
    tmp_path: Path, changes: dict[str, str]
) -> None:
    _write_lock(tmp_path, pid=1, started="long ago", **changes)
    with pytest.raises(RunError, match=rf"if it has ended, remove .*{LOCK_NAME}"):
        check_free(tmp_path)
    with pytest.raises(RunError, match=rf"if it has ended, remove .*{LOCK_NAME}"):
        hold(tmp_path, "run").__enter__()
    assert json.loads((tmp_path / LOCK_NAME).read_text())["token"] == "other"


def test_a_worker_of_the_same_command_goes_on_in_what_a_lost_one_had(tmp_path: Path) -> None:
    lock = tmp_path / LOCK_NAME
    with in_series("mine"), hold(tmp_path, "test"):
        own = json.loads(lock.read_text())
    elsewhere = own | {"host": "another", "machine": "another"}
    for content, token in ((elsewhere, "other"), (own, "mine")):
        # Another command's; then one that lives, though of the same command.
        lock.write_text(json.dumps(content))
        with pytest.raises(RunError, match="in use by"), in_series(token), hold(tmp_path, "test"):
            pass
        assert json.loads(lock.read_text()) == content
    lock.write_text(json.dumps(elsewhere))
    with pytest.raises(RunError, match="in use by"), hold(tmp_path, "test"):
        pass
    with in_series("mine"), hold(tmp_path, "test"):
        assert json.loads(lock.read_text())["host"] == own["host"]
    assert not lock.exists()


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b'{"pid": "x"}', b"\xff"])
def test_a_lock_that_names_nobody_is_not_taken(tmp_path: Path, content: bytes) -> None:
    (tmp_path / LOCK_NAME).write_bytes(content)
    with pytest.raises(RunError, match=r"does not name its owner.*remove that file"):
        hold(tmp_path, "run").__enter__()
    assert (tmp_path / LOCK_NAME).read_bytes() == content


def test_a_file_system_without_links_has_locks_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError(1, "Operation not permitted")  # as FAT answers

    monkeypatch.setattr(os, "link", refuse)
    with hold(tmp_path, "run"), pytest.raises(RunError, match="in use by process"):
        hold(tmp_path, "run").__enter__()
    _write_lock(tmp_path, started="long ago")
    with hold(tmp_path, "run"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_fates() -> None:
    this = Owner.this()
    assert this.fate() is Fate.LIVING
    ended = subprocess.Popen([sys.executable, "-c", ""])
    while ended.returncode is None:  # it has ended, but its number is not free before it is waited
        assert this.model_copy(update={"pid": ended.pid}).fate() is Fate.DEAD
        time.sleep(0.1)
        ended.poll()
    assert this.model_copy(update={"started": ""}).fate() is Fate.UNKNOWN


def test_of_many_that_find_a_dead_owner_one_comes_in(tmp_path: Path) -> None:
    _write_lock(tmp_path, started="long ago")
    processes = [_start(tmp_path) for _ in range(6)]
    for process in processes:
        _tell(process)
    answers = [_answer(process) for process in processes]
    assert answers.count("owned") == 1, answers
    owner = processes[answers.index("owned")]
    assert all(f"in use by process {owner.pid} on" in a for a in answers if a != "owned")
    _tell(owner)
    for process in processes:
        process.communicate(timeout=60)
    assert list(tmp_path.iterdir()) == []
