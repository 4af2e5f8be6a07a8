"""What became of a planned run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from topojax.evaluation import Scores
from topojax.experiments.reproduce.made.network_run import NetworkScores
from topojax.experiments.reproduce.made.segmentation_run import SegmentationScores
from topojax.experiments.reproduce.planned import PlannedRun
from topojax.runs import Metrics


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
