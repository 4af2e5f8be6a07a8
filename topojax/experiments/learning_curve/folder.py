"""Where the trials of a learning curve are kept, one file a number of images and seed."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from topojax.config import Config
from topojax.data import Dataset
from topojax.errors import RunError
from topojax.experiments.environment import environment_of
from topojax.runs import CurvePoint, CurveTrial, LearningCurve
from topojax.runs.record import read_json, write_json
from topojax.runs.trial_folder import TrialFolderKind

LEARNING_CURVE = TrialFolderKind("learning curve", "learning-curve", LearningCurve.file_name)
_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class CurveFolder:
    """The folder of one configuration on one data set.

    Attributes:
        path: of the folder.
        begun: the curve, without what its trials say.
    """

    path: Path
    begun: LearningCurve

    @classmethod
    @contextmanager
    def open(
        cls,
        path: Path,
        dataset: Dataset,
        config: Config,
        sizes: Sequence[int],
        seeds: Sequence[int],
    ) -> Iterator[CurveFolder]:
        """Make the folder with its `learning_curve.json`, or go on in that of the same curve.

        Going on, numbers of images and seeds may be others: trials that are there serve again.
        While the block runs, no other process can open the folder.

        Raises:
            RunError: it is a file, holds something else or a curve of other settings or data,
                cannot be made, or another process works in it.
        """
        with LEARNING_CURVE.hold(path) as file:
            now = LearningCurve(
                config=config.model_dump(mode="json"),
                environment=environment_of(dataset, config.seed),
                sizes=tuple(sizes),
                seeds=tuple(seeds),
            )
            if file.exists():
                now = _gone_on(path, LearningCurve.read(path), now)
            else:
                now.write(path)
            yield cls(path, now)

    def read(self, n: int, seed: int) -> CurveTrial | None:
        """Return a trial, or None where it is to be run.

        Raises:
            RunError: its file is damaged.
        """
        file = self._file(n, seed)
        if not file.exists():
            return None
        try:
            trial = CurveTrial.model_validate(read_json(file))
            if (trial.n, trial.seed) != (n, seed):
                raise ValueError(f"it is of n={trial.n}, seed {trial.seed}")
        except (RunError, ValueError) as error:
            reason = str(error).partition("\n")[0]
            raise RunError(f"{file} is damaged ({reason}); remove it to run it again") from None
        return trial

    def write(self, trial: CurveTrial) -> CurveTrial:
        """Keep a trial, and return it.

        Raises:
            RunError: the folder cannot be written.
        """
        write_json(self._file(trial.n, trial.seed), trial.to_json())
        return trial

    def finish(
        self, trials: Sequence[CurveTrial], points: dict[str, tuple[CurvePoint, ...]]
    ) -> LearningCurve:
        """Write `learning_curve.json` with all trials and what they say together."""
        curve = self.begun.model_copy(update={"trials": tuple(trials), "points": points})
        curve.write(self.path)
        return curve

    def _file(self, n: int, seed: int) -> Path:
        return self.path / f"trial_{n}_{seed}.json"


def _gone_on(path: Path, begun: LearningCurve, now: LearningCurve) -> LearningCurve:
    """Return the curve of now in the environment of its begin, whose changes are said and kept."""
    if _fixed(begun) != _fixed(now):
        raise RunError(
            f"{path} holds a learning curve of other settings or data; choose another --output"
        )
    changes = begun.environment.changes(now.environment)
    for change in changes:
        _LOGGER.warning("%s", change)
    warnings = tuple(dict.fromkeys((*begun.warnings, *changes)))
    if warnings != begun.warnings:
        begun.model_copy(update={"warnings": warnings}).write(path)
    return now.model_copy(update={"environment": begun.environment, "warnings": warnings})


def _fixed(curve: LearningCurve) -> tuple[dict[str, Any], str]:
    """Return what all trials of a folder share; the configuration's seed is the first of many."""
    return curve.config | {"seed": None}, curve.environment.data.fingerprint
