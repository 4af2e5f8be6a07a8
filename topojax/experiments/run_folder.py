"""A run's folder: every file written atomically, nothing overwritten unless asked for."""

from __future__ import annotations

import csv
import io
import json
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from topojax.errors import RunError
from topojax.files import write_atomically

_CONFIG, _ENVIRONMENT, _REPORT = "config.json", "environment.json", "report.html"


@dataclass(frozen=True)
class RunFolder:
    """The files of one run."""

    path: Path

    @property
    def progress(self) -> Path:
        """Where training and search keep the state that `--resume` goes on from."""
        return self.path / "checkpoint" / "progress"

    @property
    def model(self) -> Path:
        """Where the fitted method is saved."""
        return self.path / "checkpoint" / "model"

    def is_complete(self) -> bool:
        """Tell whether the run came to its report, which is written last."""
        return (self.path / _REPORT).is_file()

    def log(self, event: str, **fields: Any) -> None:
        """Append one event to `log.jsonl`."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = json.dumps({"time": now, "event": event, **fields})
        with (self.path / "log.jsonl").open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    def write_json(self, name: str, value: dict[str, Any]) -> None:
        """Write a JSON file; NaN is refused."""
        write_atomically(
            self.path / name, (json.dumps(value, indent=2, allow_nan=False) + "\n").encode()
        )

    def write_npz(self, name: str, arrays: dict[str, np.ndarray]) -> None:
        """Write a compressed npz file."""
        buffer = io.BytesIO()
        np.savez_compressed(buffer, allow_pickle=False, **arrays)
        write_atomically(self.path / name, buffer.getvalue())

    def write_predictions(self, split: str, probabilities: np.ndarray) -> None:
        """Write probabilities (n, classes) as MedMNIST's evaluator reads them: index,p0,p1,…"""
        write_atomically(
            self.path / f"predictions_{split}.csv", predictions_csv(probabilities).encode()
        )


def predictions_csv(probabilities: np.ndarray) -> str:
    """Return headerless CSV rows `index,p0,p1,…`, the format of MedMNIST's evaluator."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for index, row in enumerate(probabilities.tolist()):
        writer.writerow([index, *row])
    return text.getvalue()


def check_run(path: Path, *, overwrite: bool, resume: bool) -> None:
    """Raise what would keep `open_run` from opening the folder; changes nothing.

    Raises:
        RunError: the folder exists and neither was asked for; it is asked to be overwritten and
            is not a run folder; it is asked to be resumed and is not there.
    """
    if overwrite and resume:
        raise RunError("--overwrite and --resume exclude each other; give one of them")
    if resume:
        if not _is_run(path):
            raise RunError(f"run folder {path} cannot be resumed: it holds no {_CONFIG}")
        return
    if not path.exists() and not path.is_symlink():
        return
    if not overwrite:
        raise RunError(
            f"run folder {path} exists; choose another, or give --resume to go on "
            "or --overwrite to replace it"
        )
    if not path.is_dir() or (any(path.iterdir()) and not _is_run(path)):
        raise RunError(
            f"{path} is not a run folder of topojax and is not overwritten; choose another"
        )


def open_run(
    path: Path,
    config: dict[str, Any],
    environment: dict[str, Any],
    *,
    overwrite: bool = False,
    resume: bool = False,
) -> RunFolder:
    """Make a run's folder with its `config.json` and `environment.json`, or open it to resume.

    Raises:
        RunError: see `check_run`; or the folder cannot be written; or the run to resume has
            another configuration or other data.
    """
    check_run(path, overwrite=overwrite, resume=resume)
    folder = RunFolder(path)
    if resume:
        _check_same(folder, config, environment)
        folder.log("resumed")
        return folder
    if overwrite and path.exists():
        shutil.rmtree(path)
    try:
        path.mkdir(parents=True)
    except OSError as error:
        raise RunError(
            f"run folder {path} cannot be made: {error.strerror}; choose another --output"
        ) from None
    folder.write_json(_ENVIRONMENT, environment)
    # Last, since this file is what makes the folder a run that can be resumed.
    folder.write_json(_CONFIG, config)
    folder.log("started")
    return folder


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object of a run folder.

    Raises:
        RunError: missing or not JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RunError(f"{path} cannot be read: {error}; is its folder a run of topojax?") from None


def _is_run(path: Path) -> bool:
    return (path / _CONFIG).is_file() and (path / _ENVIRONMENT).is_file()


def _check_same(folder: RunFolder, config: dict[str, Any], environment: dict[str, Any]) -> None:
    old = read_json(folder.path / _CONFIG)
    changed = sorted(_changed_keys(old, config))
    if changed:
        raise RunError(
            f"run folder {folder.path} was begun with another configuration "
            f"({', '.join(changed)}); resume it with the same one or choose another folder"
        )
    data = read_json(folder.path / _ENVIRONMENT)["data"]
    if data["fingerprint"] != environment["data"]["fingerprint"]:
        raise RunError(
            f"run folder {folder.path} was begun on other data ({data['source']}); "
            "resume it with the same data or choose another folder"
        )


def _changed_keys(old: dict[str, Any], new: dict[str, Any], prefix: str = "") -> set[str]:
    changed: set[str] = set()
    for key in old.keys() | new.keys():
        a, b = old.get(key), new.get(key)
        if isinstance(a, dict) and isinstance(b, dict):
            changed |= _changed_keys(a, b, f"{prefix}{key}.")
        elif a != b:
            changed.add(f"{prefix}{key}")
    return changed
