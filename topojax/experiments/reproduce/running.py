"""Every run of the planned rows, each once, whatever becomes of the others."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from topojax.data import Dataset
from topojax.errors import TopojaxError
from topojax.evaluation import Scores
from topojax.experiments.fit_run import fit_run, plan_run
from topojax.experiments.reproduce.network_run import NetworkScores, is_done, network_run
from topojax.experiments.reproduce.planned import PlannedRun
from topojax.files import write_atomically
from topojax.pipeline.cost.running_time import about, measured_machine, time_need
from topojax.runs import Metrics, RunFolder

_LOGGER = logging.getLogger(__name__)
_LONG = 3600.0
_FAILURE = "failure.txt"


@dataclass(frozen=True)
class Outcome:
    """What became of a run.

    Attributes:
        run: as it was planned.
        folder: of the run; None where not even its data could be read.
        failure: why it has no scores; None where it has.
    """

    run: PlannedRun
    folder: Path | None
    failure: str | None = None

    def scores(self, method: str) -> Scores | None:
        """Return the test scores of a method of the run, or None where it failed."""
        if self.folder is None or self.failure is not None:
            return None
        if self.run.kind == "network":
            return Scores.from_json(NetworkScores.read(self.folder).test)
        metrics = Metrics.read(self.folder)
        return (
            metrics.topocam["test"] if method == "topocam" else (metrics.comparisons[method].scores)
        )


def run_all(
    runs: Sequence[PlannedRun],
    read: Callable[[str, int | None], Dataset],
    folder: Path,
    *,
    progress: bool = False,
) -> dict[PlannedRun, Outcome]:
    """Make all runs that are not done, one data set after the other.

    A run that fails leaves its reason and the others alone; a killed one is gone on with by the
    next call, and so is one that failed.

    Args:
        runs: each is made once, however often it is given.
        read: from a data set's name and a size to its images.
        folder: of the runs' folders.
        progress: show progress bars on a terminal.
    """
    outcomes: dict[PlannedRun, Outcome] = {}
    by_data: dict[tuple[str, int | None], list[PlannedRun]] = {}
    for run in dict.fromkeys(runs):
        by_data.setdefault((run.dataset, run.config.size), []).append(run)
    for (name, size), those in by_data.items():
        try:
            dataset = read(name, size)
        except TopojaxError as error:
            outcomes |= {run: Outcome(run, None, str(error)) for run in those}
            _LOGGER.warning("%s: %d runs left out: %s", name, len(those), error)
            continue
        # Once: all images go into it.
        fingerprint = dataset.fingerprint()
        paths = {run: folder / run.folder_name(fingerprint) for run in those}
        left = {run: path for run, path in paths.items() if not _is_done(run, path)}
        _say_cost(dataset, left, len(those))
        outcomes |= {
            run: _made(run, dataset, path, progress=progress) if run in left else Outcome(run, path)
            for run, path in paths.items()
        }
    return outcomes


def _made(run: PlannedRun, dataset: Dataset, path: Path, *, progress: bool) -> Outcome:
    reason = path.with_name(f"{path.name}.{_FAILURE}")
    _LOGGER.info("%s", path.name)
    try:
        if run.kind == "network":
            network_run(dataset, run.config, path, progress=progress)
        else:
            fit_run(dataset, run.config, path, resume=path.exists(), progress=progress)
    except Exception as error:
        # Whatever it is, a fault of ours included: the other runs are worth having.
        write_atomically(reason, traceback.format_exc().encode())
        said = str(error) if isinstance(error, TopojaxError) else f"{type(error).__name__}: {error}"
        _LOGGER.warning("%s failed: %s (%s)", path.name, said, reason)
        return Outcome(run, path, said)
    reason.unlink(missing_ok=True)
    return Outcome(run, path)


def _is_done(run: PlannedRun, path: Path) -> bool:
    return is_done(path) if run.kind == "network" else RunFolder(path).is_complete()


def _say_cost(dataset: Dataset, left: Mapping[PlannedRun, Path], n_all: int) -> None:
    """Say how many runs are to come and how long they take; of each that takes long by itself."""
    seconds = []
    for run, path in left.items():
        try:
            plan = plan_run(dataset, run.config, progress=False)
        except TopojaxError:
            continue  # said where the run is made
        need = time_need(plan, dataset.train, dataset.val, measured_machine())
        taken = need.network if run.kind == "network" else need.total
        seconds.append(taken)
        if taken > _LONG:
            _LOGGER.warning("%s takes about %s", path.name, about(taken))
    if seconds:
        _LOGGER.info(
            "%s: %d of %d runs to come, about %s, give or take a factor of 3",
            dataset.name,
            len(seconds),
            n_all,
            about(sum(seconds)),
        )
