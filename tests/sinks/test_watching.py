"""A run is watched until it has finished or nobody writes into its folder."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from topojax.errors import RunError
from topojax.runs.lock import LOCK_NAME, hold
from topojax.runs.owner import Fate, Owner
from topojax.sinks.event_log import read_log
from topojax.sinks.watching import State, owner_fate, run_id, watch

from .conftest import EVENTS, lines


def _lock(folder: Path, **other: object) -> None:
    (folder / LOCK_NAME).write_text(json.dumps(Owner.this().to_json() | other))


def _steps(*steps: Callable[[], object]) -> Callable[[float], None]:
    """Return what takes the next step at every pause, and fails where none is left."""
    left: Iterator[Callable[[], object]] = iter(steps)
    return lambda _: next(left)() and None


def _append(folder: Path, text: str) -> None:
    with (folder / "log.jsonl").open("a") as file:
        file.write(text)


def test_a_finished_run_is_seen_once(run_of: Callable) -> None:
    (seen,) = watch(run_of(), follow=True, pause=_steps())
    assert (len(seen.log.events), seen.state) == (len(EVENTS), State.FINISHED)


def test_a_run_is_followed_to_its_end(run_of: Callable) -> None:
    folder = run_of(EVENTS[:3])
    rest = lines(EVENTS[3:], 3)
    steps = _steps(
        lambda: _append(folder, rest[:50]),
        lambda: _append(folder, rest[50:300]),
        lambda: _append(folder, rest[300:]),
    )
    with hold(folder, "run"):
        found = list(watch(folder, follow=True, pause=steps))
    numbers = [len(seen.log.events) for seen in found]
    assert numbers[0] == numbers[1] == 3
    assert numbers == sorted(numbers)
    assert [seen.state for seen in found] == [State.RUNNING] * 3 + [State.FINISHED]
    assert numbers[-1] == len(EVENTS)


def test_what_a_crash_has_left_is_seen_and_not_waited_for(run_of: Callable) -> None:
    folder = run_of(EVENTS[:3])
    _lock(folder)

    def crash() -> None:
        _append(folder, lines(EVENTS[3:4], 3))
        _lock(folder, started="long ago")

    *_, last = watch(folder, follow=True, pause=_steps(crash))
    assert (len(last.log.events), last.state) == (4, State.INTERRUPTED)


def test_an_error_leaves_no_lock_and_is_the_same(run_of: Callable) -> None:
    (seen,) = watch(run_of(EVENTS[:3]), follow=True, pause=_steps())
    assert seen.state is State.INTERRUPTED


def test_a_report_without_its_last_line_is_a_finished_run(run_of: Callable) -> None:
    folder = run_of()
    (folder / "log.jsonl").write_text(lines(EVENTS[:-1]))
    (seen,) = watch(folder, follow=False)
    assert seen.state is State.FINISHED


def test_a_log_that_is_about_to_begin_is_waited_for(run_of: Callable) -> None:
    folder = run_of(EVENTS[:2])
    (folder / "log.jsonl").unlink()
    _lock(folder)
    (seen,) = watch(folder, follow=True, pause=_steps(lambda: _append(folder, lines(EVENTS))))
    assert seen.state is State.FINISHED
    (folder / "log.jsonl").unlink()
    with pytest.raises(RunError, match=r"holds no log\.jsonl"):
        next(watch(folder, follow=False))
    (folder / LOCK_NAME).unlink()
    with pytest.raises(RunError, match=r"holds no log\.jsonl"):
        next(watch(folder, follow=True, pause=_steps()))


def test_a_run_that_is_begun_anew_is_not_mixed_with_the_old_one(run_of: Callable) -> None:
    folder = run_of(EVENTS[:3])
    _lock(folder)
    anew = _steps(lambda: (folder / "log.jsonl").write_text(lines(EVENTS, 50)))
    with pytest.raises(RunError, match="begun anew"):
        list(watch(folder, follow=True, pause=anew))


def test_an_owner_elsewhere_cannot_be_followed(run_of: Callable) -> None:
    folder = run_of(EVENTS[:3])
    _lock(folder, host="elsewhere")
    with pytest.raises(RunError, match=f"process {os.getpid()} on elsewhere"):
        next(watch(folder, follow=True, pause=_steps()))
    (seen,) = watch(folder, follow=False)
    assert seen.state is State.RUNNING


def test_owners(run_of: Callable) -> None:
    folder = run_of()
    assert owner_fate(folder) is Fate.DEAD
    _lock(folder)
    assert owner_fate(folder) is Fate.LIVING
    (folder / LOCK_NAME).write_text("{}")
    with pytest.raises(RunError, match="does not name its owner"):
        owner_fate(folder)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="absent is missing"):
        next(watch(tmp_path / "absent", follow=False))


def test_a_run_keeps_its_identity_where_it_is_moved(run_of: Callable, tmp_path: Path) -> None:
    folder = run_of()
    log = read_log(folder)
    found = run_id(folder, log)
    assert len(found) == 16
    assert int(found, 16) > 0
    assert run_id(folder.rename(tmp_path / "moved"), log) == found
    other = run_of(name="other")
    (other / "log.jsonl").write_text(lines(EVENTS, 1))
    assert run_id(other, read_log(other)) != found
