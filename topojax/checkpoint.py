"""Checkpoints: orbax for arrays, JSON for the rest, and series of them that survive a kill.

Orbax writes into a temporary folder and renames it, so a folder of the final name is complete.
Several hosts save together, into one folder on storage that they share: the first one writes.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import numpy as np
import orbax.checkpoint as ocp
from jax.experimental import multihost_utils

from topojax.errors import WeightsError

_FORMAT = 1


def save_checkpoint(path: Path, arrays: Any, meta: dict[str, Any]) -> None:
    """Write a pytree of arrays and a JSON object into the new folder `path`, atomically."""
    host = jax.tree.map(np.asarray, arrays)
    # Orbax refuses an empty object, hence the wrapping.
    items = {"arrays": host, "meta": {"format": _FORMAT, "content": meta}}
    ocp.v1.save_checkpointables(path.resolve(), items)


def load_checkpoint(path: Path, target: Callable[[dict[str, Any]], Any]) -> tuple[Any, dict]:
    """Read what `save_checkpoint` wrote.

    Args:
        path: the checkpoint's folder.
        target: from the JSON object to a pytree of the arrays expected (`jax.eval_shape` gives
            one); orbax needs it to restore on any device topology.

    Raises:
        WeightsError: no checkpoint there, or one whose arrays do not fit the target.
    """
    meta = load_meta(path)
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
    return arrays, meta


def load_meta(path: Path) -> dict[str, Any]:
    """Read the JSON object that `save_checkpoint` was given.

    Raises:
        WeightsError: no checkpoint there, or not one of topojax.
    """
    stored = _load(path, {"meta": None})["meta"]
    if stored.get("format") != _FORMAT:
        raise WeightsError(f"checkpoint {path} was not written by topojax (format {_FORMAT})")
    return stored["content"]


def _load(path: Path, what: dict[str, Any]) -> dict[str, Any]:
    if not path.is_dir():
        raise WeightsError(f"checkpoint {path} does not exist; give a folder that fit has written")
    try:
        return ocp.v1.load_checkpointables(path.resolve(), what)
    except Exception as error:  # orbax raises a wide family; all mean the same to a reader
        reason = str(error).splitlines()[0][:200]
        raise WeightsError(
            f"checkpoint {path} does not fit this model or is damaged: {reason}"
        ) from error


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
