"""One run of any kind, whose failure is told and not raised."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from pathlib import Path

from topojax.errors import TopojaxError
from topojax.experiments.fit_run import fit_run
from topojax.experiments.reproduce.made.data import RunData
from topojax.experiments.reproduce.made.network_run import NetworkScores, network_run
from topojax.experiments.reproduce.made.segmentation_run import SegmentationScores, segmentation_run
from topojax.experiments.reproduce.planned import PlannedRun
from topojax.files import write_atomically
from topojax.runs import RunFolder

_FAILURE = "failure.txt"


def reason_file(path: Path) -> Path:
    """Return the file that tells why a run failed."""
    return path.with_name(f"{path.name}.{_FAILURE}")


def failure_of(
    run: PlannedRun, read: Callable[[], RunData], path: Path, *, progress: bool
) -> str | None:
    """Make a run, and return why it failed, which is also left beside its folder, or None."""
    try:
        data = read()
        if run.kind == "network":
            network_run(data.dataset, run.config, path, progress=progress)
        elif run.segmentation is not None and data.masks is not None:
            settings = run.config, run.segmentation
            segmentation_run(data.dataset, data.masks, *settings, path, progress=progress)
        else:
            fit_run(data.dataset, run.config, path, resume=path.exists(), progress=progress)
    except Exception as error:
        # Whatever it is, a fault of ours included: the other runs are worth having.
        write_atomically(reason_file(path), traceback.format_exc().encode())
        return str(error) if isinstance(error, TopojaxError) else f"{type(error).__name__}: {error}"
    reason_file(path).unlink(missing_ok=True)
    return None


def is_done(run: PlannedRun, path: Path) -> bool:
    """Tell whether a run has come to its end."""
    if run.kind == "method":
        return RunFolder(path).is_complete()
    last = NetworkScores.file_name if run.kind == "network" else SegmentationScores.file_name
    return (path / last).is_file()
