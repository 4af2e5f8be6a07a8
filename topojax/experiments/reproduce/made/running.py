"""Every run of the planned rows, each once, whatever becomes of the others."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import Executor
from functools import partial
from pathlib import Path

from topojax.data import read_masks
from topojax.errors import TopojaxError
from topojax.executors import Held
from topojax.experiments.reproduce.made.cost import say_cost
from topojax.experiments.reproduce.made.data import ReadImages, ReadMasks, RunData, read_run_data
from topojax.experiments.reproduce.made.elsewhere import Task, failures_of
from topojax.experiments.reproduce.made.one_run import failure_of, is_done, reason_file
from topojax.experiments.reproduce.made.outcome import Outcome
from topojax.experiments.reproduce.planned import PlannedRun

_LOGGER = logging.getLogger(__name__)


def run_all(
    runs: Sequence[PlannedRun],
    read: ReadImages,
    folder: Path,
    *,
    read_masks: ReadMasks = read_masks,
    progress: bool = False,
    executor: Executor | None = None,
) -> dict[PlannedRun, Outcome]:
    """Make all runs that are not done, one data set after the other, or spread over an executor.

    A run that fails leaves its reason and the others alone; a killed one is gone on with by the
    next call, and so is one that failed.

    Args:
        runs: each is made once, however often it is given.
        read: from a data set's name and a size to its images.
        folder: of the runs' folders.
        read_masks: from the same to the masks of those images; called for runs that need them.
        progress: show progress bars on a terminal.
        executor: whose workers read the data for themselves, so that `read` and `read_masks` have
            to be what other processes can import. None: runs are made here.
    """
    outcomes: dict[PlannedRun, Outcome] = {}
    elsewhere: list[Task] = []
    by_data: dict[tuple[str, int | None], list[PlannedRun]] = {}
    for run in dict.fromkeys(runs):
        by_data.setdefault((run.dataset, run.config.size), []).append(run)
    for (name, size), those in by_data.items():
        try:
            data = RunData(read(name, size))
        except TopojaxError as error:
            outcomes |= _left_out(those, name, error)
            continue
        of_masks = [run for run in those if run.kind == "segmentation"]
        if of_masks:
            try:
                data = data.with_masks(read_masks(name, size))
            except TopojaxError as error:
                outcomes |= _left_out(of_masks, name, error)
                those = [run for run in those if run.kind != "segmentation"]
        paths = data.paths(those, folder)
        left = {run: path for run, path in paths.items() if not is_done(run, path)}
        outcomes |= {run: Outcome(run, path) for run, path in paths.items() if run not in left}
        say_cost(data.dataset, left, len(those))
        if executor is None:
            outcomes |= {run: _made(run, data, path, progress) for run, path in left.items()}
            continue
        masks = None if data.masks is None else read_masks
        there = Held.of(data, RunData.fingerprint, partial(read_run_data, read, masks, name, size))
        elsewhere += [Task(run, there, path) for run, path in left.items()]
    if executor is not None:
        failures = failures_of(executor, elsewhere, progress=progress)
        outcomes |= {
            task.run: _told(task.run, task.path, failures[task.path]) for task in elsewhere
        }
    return outcomes


def _left_out(
    runs: Sequence[PlannedRun], name: str, error: TopojaxError
) -> dict[PlannedRun, Outcome]:
    _LOGGER.warning("%s: %d runs left out: %s", name, len(runs), error)
    return {run: Outcome(run, None, str(error)) for run in runs}


def _made(run: PlannedRun, data: RunData, path: Path, progress: bool) -> Outcome:
    _LOGGER.info("%s", path.name)
    return _told(run, path, failure_of(run, lambda: data, path, progress=progress))


def _told(run: PlannedRun, path: Path, failure: str | None) -> Outcome:
    if failure is not None:
        _LOGGER.warning("%s failed: %s (%s)", path.name, failure, reason_file(path))
    return Outcome(run, path, failure)
