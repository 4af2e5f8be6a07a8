"""A run's folder: nothing in it is overwritten unless asked for, and it is resumed as it was."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from topojax.config import Config, parse_config
from topojax.errors import RunError
from topojax.runs.environment import Environment
from topojax.runs.record import read_json, write_json

CONFIG_NAME = "config.json"


@dataclass(frozen=True)
class RunFolder:
    """Where one run keeps its files."""

    path: Path

    @property
    def report(self) -> Path:
        """Where the page is, which is written last."""
        return self.path / "report.html"

    @property
    def progress(self) -> Path:
        """Where training and search keep the state that `--resume` goes on from."""
        return self.path / "checkpoint" / "progress"

    @property
    def model(self) -> Path:
        """Where the fitted method is saved."""
        return self.path / "checkpoint" / "model"

    def is_complete(self) -> bool:
        """Tell whether the run came to its report."""
        return self.report.is_file()

    def log(self, event: str, **fields: Any) -> None:
        """Append one event to `log.jsonl`."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = json.dumps({"time": now, "event": event, **fields})
        with (self.path / "log.jsonl").open("a", encoding="utf-8") as file:
            file.write(line + "\n")


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
            raise RunError(f"run folder {path} cannot be resumed: it holds no {CONFIG_NAME}")
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
    config: Config,
    environment: Environment,
    *,
    overwrite: bool = False,
    resume: bool = False,
) -> RunFolder:
    """Make a run's folder with its `config.json` and `environment.json`, or open it to resume.

    Raises:
        ConfigError: the run to resume has a configuration of another version.
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
    environment.write(path)
    # Last, since this file is what makes the folder a run that can be resumed.
    write_json(path / CONFIG_NAME, config.model_dump(mode="json"))
    folder.log("started")
    return folder


def _is_run(path: Path) -> bool:
    return (path / CONFIG_NAME).is_file() and (path / Environment.file_name).is_file()


def _check_same(folder: RunFolder, config: Config, environment: Environment) -> None:
    # By its values: a folder that a version with fewer keys began has their defaults.
    old = parse_config(read_json(folder.path / CONFIG_NAME)).model_dump(mode="json")
    changed = sorted(_changed_keys(old, config.model_dump(mode="json")))
    if changed:
        raise RunError(
            f"run folder {folder.path} was begun with another configuration "
            f"({', '.join(changed)}); resume it with the same one or choose another folder"
        )
    data = Environment.read(folder.path).data
    if data.fingerprint != environment.data.fingerprint:
        raise RunError(
            f"run folder {folder.path} was begun on other data ({data.source}); "
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
