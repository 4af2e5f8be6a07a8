"""One run of the whole pipeline where there is nothing to learn, and where trials are kept."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from topojax.config import Config
from topojax.data import Dataset
from topojax.errors import RunError
from topojax.experiments.environment import describe_environment
from topojax.files import write_atomically


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
    path: Path

    @classmethod
    def open(
        cls, path: Path, dataset: Dataset, variants: dict[str, Config], n_train: int | None
    ) -> TrialFolder:
        """Make the folder with its `leaktest.json`, or check that it is of the same test."""
        settings = {
            "variants": {name: config.model_dump(mode="json") for name, config in variants.items()},
            "n_train": n_train,
            "data": dataset.fingerprint(),
        }
        file = path / "leaktest.json"
        if file.exists():
            if json.loads(file.read_text("utf-8"))["settings"] != settings:
                raise RunError(
                    f"{path} holds a leak test of other settings or data; choose another --output"
                )
            return cls(path)
        if path.exists() and any(path.iterdir()):
            raise RunError(f"{path} exists and is no leak test; choose another --output")
        path.mkdir(parents=True, exist_ok=True)
        record = {"settings": settings, "environment": describe_environment(dataset, 0)}
        write_atomically(file, (json.dumps(record, indent=2) + "\n").encode())
        return cls(path)

    def _file(self, null: str, seed: int) -> Path:
        return self.path / f"trials_{null.replace(' ', '_')}_{seed}.json"

    def read(self, null: str, seed: int) -> list[Trial] | None:
        file = self._file(null, seed)
        if not file.exists():
            return None
        return [Trial(**trial) for trial in json.loads(file.read_text("utf-8"))]

    def write(self, null: str, seed: int, trials: list[Trial]) -> None:
        content = json.dumps([asdict(trial) for trial in trials], indent=2) + "\n"
        write_atomically(self._file(null, seed), content.encode())
