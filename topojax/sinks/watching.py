"""A run as it goes: its log as far as it is written, and whether more is to come."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from pydantic import ValidationError

from topojax.errors import RunError
from topojax.runs import Environment, RunFolder
from topojax.runs.lock import LOCK_NAME
from topojax.runs.owner import Fate, Owner
from topojax.sinks.event_log import FILE_NAME, EventLog, read_log

POLL_S = 1.0


class State(Enum):
    """What became of a run."""

    RUNNING = "running"
    FINISHED = "finished"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True)
class Seen:
    """A run at one moment."""

    log: EventLog
    state: State


def watch(
    folder: Path, *, follow: bool, pause: Callable[[float], None] = time.sleep
) -> Iterator[Seen]:
    """Yield a run as it is; where it is followed, once a second until it has ended.

    A run has ended where its log says so, and where no living process owns its folder.

    Args:
        folder: of the run.
        follow: go on while the run does.
        pause: waits for so many seconds.

    Raises:
        RunError: the folder is no run's; a line of the log is damaged; the run is begun anew
            meanwhile; or it is to be followed from where its owner cannot be looked for.
    """
    if not folder.is_dir():
        raise RunError(f"run folder {folder} is missing; give the folder that `topojax fit` wrote")
    begun = None
    while True:
        # Before the log is read: what an owner has written last is seen once it is gone.
        fate = owner_fate(folder, follow=follow)
        log = read_log(folder)
        if log is not None and log.events:
            begun = begun or log.events[0]
            if log.events[0] != begun:
                raise RunError(f"the run in {folder} was begun anew meanwhile; send it again")
            seen = Seen(log, _state(folder, log, fate))
            yield seen
            if not follow or seen.state is not State.RUNNING:
                return
        elif not follow or fate is Fate.DEAD:
            raise RunError(
                f"{folder} holds no {FILE_NAME} with a line in it; "
                "give the folder that `topojax fit` wrote"
            )
        pause(POLL_S)


def owner_fate(folder: Path, *, follow: bool = False) -> Fate:
    """Tell whether the process that writes into a run folder lives; dead where there is none.

    Raises:
        RunError: the lock does not name its owner; or `follow`, and it cannot be looked for.
    """
    lock = folder / LOCK_NAME
    try:
        values = json.loads(lock.read_bytes())
        owner = Owner.model_validate({key: values[key] for key in Owner.model_fields})
    except FileNotFoundError:
        return Fate.DEAD
    except (OSError, ValueError, TypeError, KeyError, ValidationError):
        raise RunError(
            f"{lock} does not name its owner; if no process of topojax works in {folder}, "
            "remove that file and try again"
        ) from None
    fate = owner.fate()
    if follow and fate is Fate.UNKNOWN:
        raise RunError(
            f"--follow: process {owner.pid} on {owner.host} owns {folder}, and cannot be looked "
            "for from here, so that its end would not be noticed; follow it there, or leave out "
            "--follow and send again later, which doubles nothing"
        )
    return fate


def run_id(folder: Path, log: EventLog) -> str:
    """Return 16 hexadecimal digits that stay with a run, wherever its folder is moved.

    A run that overwrites another has its own.
    """
    environment = Environment.read(folder).model_dump_json()
    begun = f"{environment} {log.events[0].time!r}"
    return hashlib.sha256(begun.encode()).hexdigest()[:16]


def _state(folder: Path, log: EventLog, fate: Fate) -> State:
    if any(event.name == "finished" for event in log.events):
        return State.FINISHED
    if fate is not Fate.DEAD:
        return State.RUNNING
    # A kill may come between the report, which is last, and the line that says so.
    return State.FINISHED if RunFolder(folder).is_complete() else State.INTERRUPTED
