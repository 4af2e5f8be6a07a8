"""A run's folder: one owner at a time, nothing overwritten unasked, resumed as it was."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from topojax.config import Config, parse_config
from topojax.errors import RunError
from topojax.files import cannot_write, exists
from topojax.runs.environment import Environment
from topojax.runs.lock import LOCK_NAME, check_free, hold, is_locked
from topojax.runs.record import read_json, write_json

CONFIG_NAME = "config.json"
_LOG_NAME = "log.jsonl"
_WORK = "run"
_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class RunFolder:
    """Where one run keeps its files.

    Attributes:
        path: of the folder.
        is_resumed: whether an earlier process has begun the run.
        changes: what the run was resumed on that it was not begun on, at any time; sentences.
    """

    path: Path
    is_resumed: bool = False
    changes: tuple[str, ...] = ()

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

    def remove_progress(self) -> None:
        """Remove what a complete run needs no more, and what was left of being killed on the way.

        Raises:
            RunError: the folder cannot be written.
        """
        for entry in self.model.parent.glob("*"):
            if entry != self.model:
                _remove(entry)

    def log(self, event: str, **fields: Any) -> None:
        """Append one event to `log.jsonl`.

        Raises:
            RunError: the file cannot be written.
        """
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = json.dumps({"time": now, "event": event, **fields})
        log = self.path / _LOG_NAME
        try:
            with log.open("a", encoding="utf-8") as file:
                file.write(line + "\n")
        except OSError as error:
            raise cannot_write(log, error) from None


def check_run(path: Path, *, overwrite: bool, resume: bool) -> None:
    """Raise what would keep `open_run` from opening the folder; changes nothing.

    Raises:
        RunError: the folder exists and neither was asked for; it is asked to be overwritten and
            is not a run folder; it is asked to be resumed and is not there; or another process
            works in it.
    """
    if overwrite and resume:
        raise RunError("--overwrite and --resume exclude each other; give one of them")
    if not exists(path):
        if resume:
            raise RunError(f"run folder {path} cannot be resumed: it is not there; begin it")
        return
    check_free(path)
    is_ours = path.is_dir() and (_is_run(path) or _is_to_begin(path))
    if resume and not is_ours:
        raise RunError(f"run folder {path} cannot be resumed: it holds no {CONFIG_NAME}")
    if not (resume or overwrite):
        raise RunError(
            f"run folder {path} exists; choose another, or give --resume to go on "
            "or --overwrite to replace it"
        )
    if not is_ours:
        raise RunError(
            f"{path} is not a run folder of topojax and is not overwritten; choose another"
        )


@contextmanager
def open_run(
    path: Path,
    config: Config,
    environment: Environment,
    *,
    overwrite: bool = False,
    resume: bool = False,
) -> Iterator[RunFolder]:
    """Make a run's folder with its `config.json` and `environment.json`, or open it to resume.

    While the block runs, no other process can open the folder. One that was killed before the run
    had begun is begun anew when it is resumed.

    Raises:
        ConfigError: the run to resume has a configuration of another version.
        RunError: see `check_run`; or the folder cannot be written; or the run to resume has
            another configuration or other data.
    """
    check_run(path, overwrite=overwrite, resume=resume)
    is_new = not path.exists()
    if is_new:
        _make(path)
    has_begun = False
    try:
        with hold(path, _WORK):
            folder = RunFolder(path)
            if resume and _is_run(path):
                has_begun = True
                folder = _resumed(folder, config, environment)
            else:
                _begin(folder, config, environment)
                has_begun = True
            yield folder
    finally:
        if is_new and not has_begun and not any(path.iterdir()):
            path.rmdir()


def _make(path: Path) -> None:
    try:
        path.mkdir(parents=True)
    except FileExistsError:
        check_run(path, overwrite=False, resume=False)  # another process has just made it
    except OSError as error:
        raise RunError(
            f"run folder {path} cannot be made: {error.strerror}; choose another --output"
        ) from None


def _begin(folder: RunFolder, config: Config, environment: Environment) -> None:
    """Empty the folder, and write what makes it a run; or leave it empty."""
    path = folder.path
    # First, so that nothing of an old run that is half removed can be taken for a run.
    _remove(path / CONFIG_NAME)
    try:
        _empty(path)
        environment.write(path)
        # Last, since this file is what makes the folder a run that can be resumed.
        write_json(path / CONFIG_NAME, config.model_dump(mode="json"))
        folder.log("started")
    except BaseException:
        _empty(path)
        raise


def _empty(path: Path) -> None:
    for entry in path.iterdir():
        if entry.name != LOCK_NAME:
            _remove(entry)


def _remove(entry: Path) -> None:
    try:
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink(missing_ok=True)
    except OSError as error:
        raise RunError(
            f"{entry} cannot be removed: {error.strerror}; remove it, or choose another folder"
        ) from None


def _is_run(path: Path) -> bool:
    return (path / CONFIG_NAME).is_file() and (path / Environment.file_name).is_file()


def _is_to_begin(path: Path) -> bool:
    """Tell whether a folder is empty, or what a run left that was killed before it had begun."""
    return is_locked(path, _WORK) or all(_is_of_a_begin(entry) for entry in path.iterdir())


def _is_of_a_begin(entry: Path) -> bool:
    if entry.name != Environment.file_name:
        names = (LOCK_NAME, Environment.file_name, CONFIG_NAME)
        return any(entry.name.startswith(f".{name}.") for name in names)
    try:
        Environment.read(entry.parent)
    except RunError:
        return False  # a file of that name, but not of ours
    return True


def _resumed(folder: RunFolder, config: Config, environment: Environment) -> RunFolder:
    _check_same(folder, config, environment)
    if folder.is_complete():
        return folder
    _drop_cut_line(folder.path / _LOG_NAME)
    changes = Environment.read(folder.path).changes(environment)
    for change in changes:
        _LOGGER.warning("%s", change)
    folder.log("resumed", device=environment.devices, changes=changes)
    return replace(folder, is_resumed=True, changes=_logged_changes(folder.path / _LOG_NAME))


def _drop_cut_line(log: Path) -> None:
    """Drop the end of a log that a kill cut short, so that what follows is a line of its own."""
    if not log.exists():
        return
    with log.open("r+b") as file:
        file.truncate(file.read().rfind(b"\n") + 1)


def _logged_changes(log: Path) -> tuple[str, ...]:
    found: list[str] = []
    for line in log.read_text("utf-8").splitlines():
        try:
            found += json.loads(line).get("changes", ())
        except ValueError:
            continue  # older versions went on behind a line that a kill had cut
    return tuple(dict.fromkeys(found))


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
