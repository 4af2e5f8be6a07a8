"""Checkpoints: orbax for arrays, JSON for the rest, and series of them that survive a kill.

Orbax writes into a temporary folder and renames it, so a folder of the final name is complete.
Several hosts save together, into one folder on storage that they share: the first one writes.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import jax
import numpy as np
import orbax.checkpoint as ocp
from jax.experimental import multihost_utils

from topojax.checksums import arrays_checksum, json_checksum
from topojax.errors import TopojaxError, WeightsError
from topojax.files import cannot_write, check_space
from topojax.orbax_noise import refusal

T = TypeVar("T")

_FORMAT = 1
_ITEMS = ("arrays", "meta")


def save_checkpoint(path: Path, arrays: Any, meta: dict[str, Any]) -> None:
    """Write a pytree of arrays and a JSON object into the new folder `path`, atomically.

    Raises:
        NoSpaceError: there is no space for the arrays, before or while they are written.
        RunError: they cannot be written for another reason.
    """
    host = jax.tree.map(np.asarray, arrays)
    # Orbax refuses an empty object, hence the wrapping.
    stored = {"format": _FORMAT, "content": meta, "sha256": arrays_checksum(host)}
    items = {"arrays": host, "meta": stored | {"meta_sha256": json_checksum(stored)}}
    n_bytes = sum(leaf.nbytes for leaf in jax.tree.leaves(host))
    if jax.process_index() == 0:
        check_space(path, n_bytes)
    refused = refusal(lambda: ocp.v1.save_checkpointables(path.resolve(), items))
    if refused is not None:
        for part in path.parent.glob(f"{path.name}.orbax-checkpoint-tmp*"):
            shutil.rmtree(part, ignore_errors=True)  # the save has failed already, and says so
        raise cannot_write(path, refused, n_bytes)


def load_checkpoint(path: Path, target: Callable[[dict[str, Any]], Any]) -> tuple[Any, dict]:
    """Read what `save_checkpoint` wrote.

    Args:
        path: the checkpoint's folder.
        target: from the JSON object to a pytree of the arrays expected (`jax.eval_shape` gives
            one); orbax needs it to restore on any device topology.

    Raises:
        WeightsError: no checkpoint there, a damaged one, or one whose arrays do not fit the target.
            Numbers that changed since they were written are a damage.
    """
    stored = _load_stored(path)
    meta = stored["content"]
    with reading(path):
        expected = target(meta)
        zeros = jax.tree.map(lambda leaf: np.zeros(leaf.shape, leaf.dtype), expected)
    arrays = _load(path, {"arrays": zeros})["arrays"]
    for (key, want), got in zip(
        jax.tree_util.tree_leaves_with_path(expected), jax.tree.leaves(arrays), strict=True
    ):
        if np.shape(got) != want.shape:
            name = jax.tree_util.keystr(key)
            raise WeightsError(
                f"checkpoint {path}: {name} has shape {np.shape(got)}, the model expects "
                f"{want.shape}; it is a checkpoint of another model"
            )
    _check_sum(path, stored, "sha256", lambda: arrays_checksum(arrays))
    return arrays, meta


def load_meta(path: Path) -> dict[str, Any]:
    """Read the JSON object that `save_checkpoint` was given.

    Raises:
        WeightsError: no checkpoint there, a damaged one, or not one of topojax.
    """
    return _load_stored(path)["content"]


def _load_stored(path: Path) -> dict[str, Any]:
    """Return the JSON object with what stands around it."""
    stored = _load(path, {"meta": None})["meta"]
    content = stored.get("content") if isinstance(stored, dict) else None
    if not isinstance(content, dict) or stored.get("format") != _FORMAT:
        raise WeightsError(f"checkpoint {path} was not written by topojax (format {_FORMAT})")
    others = {key: value for key, value in stored.items() if key != "meta_sha256"}
    _check_sum(path, stored, "meta_sha256", lambda: json_checksum(others))
    return stored


def _check_sum(path: Path, stored: dict[str, Any], key: str, found: Callable[[], str]) -> None:
    # Checkpoints of older versions have no checksums.
    if key in stored and found() != stored[key]:
        raise WeightsError(
            f"checkpoint {path} is damaged: what it holds is not what was written (SHA-256); give "
            "another, or fit into a new folder"
        )


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Raise whatever damaged values of a checkpoint lead to as a `WeightsError` that names it."""
    try:
        yield
    except TopojaxError:
        raise
    except Exception as error:  # values may be of any kind, and so is what they lead to
        raise _damaged(path, error) from None


def reads_checkpoint(read: Callable[[Path], T]) -> Callable[[Path], T]:
    """Decorate what reads a checkpoint's values: see `reading`."""

    @wraps(read)
    def checked(path: Path) -> T:
        with reading(path):
            return read(path)

    return checked


def _load(path: Path, what: dict[str, Any]) -> dict[str, Any]:
    if not path.is_dir():
        raise WeightsError(f"checkpoint {path} does not exist; give a folder that fit has written")
    absent = [item for item in _ITEMS if not (path / item).is_dir()]
    if absent:
        raise WeightsError(
            f"{path} is no checkpoint of topojax, or a damaged one: it has no folder "
            f"{absent[0]!r}; give a folder that fit or TopoCAM.save has written"
        )
    found: dict[str, Any] = {}
    refused = refusal(lambda: found.update(ocp.v1.load_checkpointables(path.resolve(), what)))
    if refused is not None:
        raise _damaged(path, refused)
    return found


def _damaged(path: Path, error: Exception) -> WeightsError:
    lines = str(error).splitlines()
    reason = type(error).__name__ + (f": {lines[0][:200]}" if lines else "")
    return WeightsError(
        f"checkpoint {path} does not fit this model or is damaged ({reason}); give another, or fit "
        "into a new folder"
    )


@dataclass(frozen=True)
class Series:
    """Numbered checkpoints of which the newest counts, such as one an epoch."""

    folder: Path
    prefix: str

    def newest(self) -> int | None:
        """Return the number of the newest complete checkpoint, or None."""
        return max(self._numbers(), default=None)

    def path(self, number: int) -> Path:
        """Return the folder of checkpoint `number`."""
        return self.folder / f"{self.prefix}_{number:05d}"

    def save(self, number: int, arrays: Any, meta: dict[str, Any]) -> None:
        """Write checkpoint `number`; one that a killed run left under it is replaced."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if self.path(number).exists():
            _delete(self.path(number))
        if jax.process_count() > 1:
            multihost_utils.sync_global_devices(f"{self.prefix} {number}")
        save_checkpoint(self.path(number), arrays, meta)

    def keep_only(self, number: int) -> None:
        """Delete every checkpoint but `number`."""
        for other in self._numbers():
            if other != number:
                _delete(self.path(other))

    def clear(self) -> None:
        """Delete every checkpoint of the series, and what a killed save left."""
        for entry in self.folder.glob(f"{self.prefix}_*"):
            _delete(entry)

    def _numbers(self) -> list[int]:
        pattern = re.compile(rf"{re.escape(self.prefix)}_(\d+)")
        matches = (pattern.fullmatch(entry.name) for entry in self.folder.glob(f"{self.prefix}_*"))
        return [int(match[1]) for match in matches if match]


def _delete(folder: Path) -> None:
    if jax.process_index() == 0:
        shutil.rmtree(folder)
