"""The folder in which training keeps its state: of one run, told by what the state depends on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from topojax.checksums import arrays_checksum
from topojax.config import SegmentationConfig
from topojax.errors import RunError
from topojax.files import exists, make_folder, remove_parts, write_atomically

_FILE = "run.json"


def claim_folder(
    folder: Path, config: SegmentationConfig, seed: int, arrays: Mapping[str, np.ndarray]
) -> None:
    """Make a folder the state's of this run, or see that it is already.

    Args:
        folder: made where it is missing.
        config: of the U-Nets.
        seed: of their training.
        arrays: images and masks that they are trained on and chosen by.

    Raises:
        RunError: it holds the state of other data or settings, or something else, or cannot be
            written.
    """
    sums = {name: arrays_checksum(array) for name, array in sorted(arrays.items())}
    own = {"segmentation": config.model_dump(mode="json"), "seed": seed, "sha256": sums}
    make_folder(folder, "choose another folder")
    path = folder / _FILE
    if not exists(path):
        remove_parts(folder)
        if any(folder.iterdir()):
            raise RunError(f"{folder} is not empty and holds no {_FILE}; choose another folder")
        write_atomically(path, json.dumps(own, indent=2).encode())
        return
    other = _read(path)
    differing = [key for key in own if other.get(key) != own[key]]
    if differing:
        raise RunError(
            f"{folder} holds the state of a run of other {' and '.join(differing)} ({_FILE} tells "
            "which); choose another folder, or delete it to begin anew"
        )


def _read(path: Path) -> dict[str, Any]:
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RunError(f"{path} cannot be read ({error}); choose another folder") from None
    if not isinstance(stored, dict):
        raise RunError(f"{path} is damaged: it holds no JSON object; choose another folder")
    return stored
