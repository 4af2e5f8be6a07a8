"""Every run of the planned rows, each once, whatever becomes of the others."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from topojax.checksums import arrays_checksum
from topojax.data import SPLITS, Dataset, Masks, read_masks
from topojax.errors import TopojaxError
from topojax.evaluation import Scores
from topojax.experiments.fit_run import fit_run, plan_run
from topojax.experiments.reproduce.made.network_run import NetworkScores, network_run
from topojax.experiments.reproduce.made.segmentation_run import SegmentationScores, segmentation_run
from topojax.experiments.reproduce.planned import PlannedRun
from topojax.experiments.segmentation import TrueMasks
from topojax.files import write_atomically
from topojax.pipeline.cost.running_time import (
    about,
    measured_machine,
    segmentation_seconds,
    time_need,
)
from topojax.runs import Metrics, RunFolder

_LOGGER = logging.getLogger(__name__)
_LONG = 3600.0
_FAILURE = "failure.txt"


@dataclass(frozen=True)
class Outcome:
    """What became of a run.

    Attributes:
        run: as it was planned.
        folder: of the run; None where not even its data or masks could be read.
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
        if self.run.kind == "segmentation":
            return Scores.from_json(SegmentationScores.read(self.folder).test[method])
        metrics = Metrics.read(self.folder)
        return (
            metrics.topocam["test"] if method == "topocam" else (metrics.comparisons[method].scores)
        )

    def notes(self) -> tuple[str, ...]:
        """Return what else is to be said of the run where it has scores; sentences."""
        if self.run.kind != "segmentation" or self.folder is None or self.failure is not None:
            return ()
        return SegmentationScores.read(self.folder).notes()


def run_all(
    runs: Sequence[PlannedRun],
    read: Callable[[str, int | None], Dataset],
    folder: Path,
    *,
    read_masks: Callable[[str, int | None], Masks] = read_masks,
    progress: bool = False,
) -> dict[PlannedRun, Outcome]:
    """Make all runs that are not done, one data set after the other.

    A run that fails leaves its reason and the others alone; a killed one is gone on with by the
    next call, and so is one that failed.

    Args:
        runs: each is made once, however often it is given.
        read: from a data set's name and a size to its images.
        folder: of the runs' folders.
        read_masks: from the same to the masks of those images; called for runs that need them.
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
            outcomes |= _left_out(those, name, error)
            continue
        masks, of_masks = None, [run for run in those if run.kind == "segmentation"]
        if of_masks:
            try:
                masks = TrueMasks(**read_masks(name, size)).checked(dataset)
            except TopojaxError as error:
                outcomes |= _left_out(of_masks, name, error)
                those = [run for run in those if run.kind != "segmentation"]
        paths = _paths(those, dataset, masks, folder)
        left = {run: path for run, path in paths.items() if not _is_done(run, path)}
        _say_cost(dataset, left, len(those))
        outcomes |= {
            run: _made(run, dataset, masks, path, progress=progress)
            if run in left
            else Outcome(run, path)
            for run, path in paths.items()
        }
    return outcomes


def _left_out(
    runs: Sequence[PlannedRun], name: str, error: TopojaxError
) -> dict[PlannedRun, Outcome]:
    _LOGGER.warning("%s: %d runs left out: %s", name, len(runs), error)
    return {run: Outcome(run, None, str(error)) for run in runs}


def _paths(
    runs: Sequence[PlannedRun], dataset: Dataset, masks: TrueMasks | None, folder: Path
) -> dict[PlannedRun, Path]:
    """Return the runs' folders, named by all that they read."""
    # Once: all images go into it.
    images = dataset.fingerprint()
    drawn = "" if masks is None else arrays_checksum([masks.of(split) for split in SPLITS])
    read = {"segmentation": f"{images} {drawn}"}
    return {run: folder / run.folder_name(read.get(run.kind, images)) for run in runs}


def _made(
    run: PlannedRun, dataset: Dataset, masks: TrueMasks | None, path: Path, *, progress: bool
) -> Outcome:
    reason = path.with_name(f"{path.name}.{_FAILURE}")
    _LOGGER.info("%s", path.name)
    try:
        if run.kind == "network":
            network_run(dataset, run.config, path, progress=progress)
        elif run.segmentation is not None and masks is not None:
            settings = run.config, run.segmentation
            segmentation_run(dataset, masks, *settings, path, progress=progress)
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
    if run.kind == "method":
        return RunFolder(path).is_complete()
    last = NetworkScores.file_name if run.kind == "network" else SegmentationScores.file_name
    return (path / last).is_file()


def _say_cost(dataset: Dataset, left: Mapping[PlannedRun, Path], n_all: int) -> None:
    """Say how many runs are to come and how long they take; of each that takes long by itself."""
    seconds = []
    for run, path in left.items():
        try:
            taken = _seconds(run, dataset)
        except TopojaxError:
            continue  # said where the run is made
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


def _seconds(run: PlannedRun, dataset: Dataset) -> float:
    machine = measured_machine()
    if run.segmentation is not None:
        n = {split: len(dataset.split(split).labels) for split in SPLITS}
        shape = (*dataset.shape, dataset.n_channels)
        return segmentation_seconds(run.segmentation, shape, n, machine)
    plan = plan_run(dataset, run.config, progress=False)
    need = time_need(plan, dataset.train, dataset.val, machine)
    return need.network if run.kind == "network" else need.total
