"""Runs that the workers of an executor make, each in its own folder."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from uuid import uuid4

from topojax.executors import Held, ItemsLostError, spread
from topojax.experiments.reproduce.made.data import RunData
from topojax.experiments.reproduce.made.one_run import failure_of, is_done, reason_file
from topojax.experiments.reproduce.planned import PlannedRun
from topojax.files import write_atomically
from topojax.runs.lock import in_series


@dataclass(frozen=True)
class Task:
    """A run that is made elsewhere.

    Attributes:
        run: as it was planned.
        data: reads what it is of.
        path: of its folder.
    """

    run: PlannedRun
    data: Held[RunData]
    path: Path

    def __str__(self) -> str:
        return self.path.name


def failures_of(
    executor: Executor, tasks: Sequence[Task], *, progress: bool
) -> dict[Path, str | None]:
    """Make runs elsewhere; return from each folder why its run failed, or None.

    A run whose worker died is gone on with by another worker.
    """
    # Files of two names may hold the same data: their runs have one folder, which one worker makes.
    each = list({task.path: task for task in tasks}.values())
    there = [replace(task, path=task.path.absolute()) for task in each]
    failures: dict[Path, str | None] = {}
    made = spread(executor, partial(_failure_of, uuid4().hex), there, what="run", progress=progress)
    try:
        for place, failure in made:
            failures[each[place].path] = failure or _unseen(each[place])
    except ItemsLostError as lost:
        for place, reason in lost.reasons.items():
            failures[each[place].path] = reason
            write_atomically(reason_file(each[place].path), f"{reason}\n".encode())
    return failures


def _unseen(task: Task) -> str | None:
    if is_done(task.run, task.path):
        return None
    return (
        f"its worker made it, but {task.path} is not to be seen from here; the folder of a "
        "reproduction has to be on a disk that all machines share"
    )


def _failure_of(series: str, task: Task) -> str | None:
    with in_series(series):
        return failure_of(task.run, task.data, task.path, progress=False)
