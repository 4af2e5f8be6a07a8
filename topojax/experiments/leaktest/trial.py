"""One run of the whole pipeline where there is nothing to learn, and where trials are kept."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from topojax.config import Config
from topojax.data import Dataset
from topojax.errors import RunError
from topojax.experiments.environment import environment_of
from topojax.files import write_atomically
from topojax.runs import Environment
from topojax.runs.record import read_json, write_json
from topojax.runs.trial_folder import TrialFolderKind

LEAK_TEST = TrialFolderKind("leak test", "leaktest", "leaktest.json")
_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class Trial:
    """One variant of the pipeline on one data set without signal.

    Attributes:
        variant: what is tested, for people.
        null: one of `NULLS`.
        auc: of the test split, by method; `topocam` is the method itself. Empty where dropping
            images with an empty ROI leaves a class without any.
        search_score: the best score of the search, as the search reports it; None where there was
            none, or where it is no AUC.
        dropped: test images that were left out of the scores.
        counts: split to samples of each class that its scores are of, `val` and `test`.
    """

    variant: str
    null: str
    seed: int
    auc: dict[str, float]
    search_score: float | None
    dropped: int
    counts: dict[str, list[int]]


@dataclass(frozen=True)
class TrialFolder:
    """Where the trials of one leak test are kept, one file a null data set and seed."""

    path: Path

    @classmethod
    @contextmanager
    def open(
        cls, path: Path, dataset: Dataset, variants: dict[str, Config], n_train: int | None
    ) -> Iterator[TrialFolder]:
        """Make the folder with its `leaktest.json`, or go on in that of the same test.

        While the block runs, no other process can open the folder.

        Raises:
            RunError: it is a file, holds something else or another test, cannot be made, or another
                process works in it.
        """
        settings = {
            "variants": {name: config.model_dump(mode="json") for name, config in variants.items()},
            "n_train": n_train,
            "data": dataset.fingerprint(),
        }
        with LEAK_TEST.hold(path) as file:
            environment = environment_of(dataset, 0)
            if file.exists():
                _check_same(file, settings, environment)
            else:
                write_json(file, {"settings": settings, "environment": environment.to_json()})
            yield cls(path)

    def _file(self, null: str, seed: int) -> Path:
        return self.path / f"trials_{null.replace(' ', '_')}_{seed}.json"

    def read(self, null: str, seed: int) -> list[Trial] | None:
        """Return the trials of a null data set and seed, or None where they are to be run.

        Raises:
            RunError: the file is damaged.
        """
        file = self._file(null, seed)
        if not file.exists():
            return None
        try:
            return [Trial(**trial) for trial in json.loads(file.read_text("utf-8"))]
        except (OSError, ValueError, TypeError) as error:
            raise RunError(f"{file} is damaged ({error}); remove it to run it again") from None

    def write(self, null: str, seed: int, trials: list[Trial]) -> None:
        """Keep the trials of a null data set and seed.

        Raises:
            RunError: the folder cannot be written.
        """
        content = json.dumps([asdict(trial) for trial in trials], indent=2) + "\n"
        write_atomically(self._file(null, seed), content.encode())


def _check_same(file: Path, settings: dict[str, Any], environment: Environment) -> None:
    stored = read_json(file)
    if stored.get("settings") != settings:
        raise RunError(
            f"{file.parent} holds a leak test of other settings or data; choose another --output"
        )
    for change in Environment.of_a_file(file, stored.get("environment")).changes(environment):
        _LOGGER.warning("%s", change)
