"""How long Betti curves took on a device and by the kernels, as `topojax bench device` found it."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import jax

from topojax.errors import RunError
from topojax.files import make_folder, write_atomically
from topojax.user_cache import user_cache


@dataclass(frozen=True)
class MeasuredRow:
    """Nanoseconds a voxel for many images of one shape.

    Attributes:
        shape: of an image.
        device: in one compiled program.
        kernels: on all processors that the process might use.
    """

    shape: tuple[int, ...]
    device: float
    kernels: float


def measurements_file(device: jax.Device) -> Path:
    """Return where the measurements of a kind of device are, or would be.

    Raises:
        RuntimeError: there is no folder for it; see `topojax.user_cache`.
    """
    kind = "".join(c if c.isalnum() else "-" for c in device.device_kind.lower())
    return user_cache() / "measured" / f"{device.platform}-{kind}.json"


def write_measurements(path: Path, rows: Sequence[MeasuredRow], **facts: Any) -> None:
    """Write rows and facts about them (JSON values), replacing what was there.

    Raises:
        RunError: the file cannot be written.
    """
    content = {"rows": [asdict(row) for row in rows], **facts}
    make_folder(path.parent, "set TOPOJAX_CACHE to another folder")
    write_atomically(path, json.dumps(content, indent=1).encode())


def read_measurements(path: Path) -> tuple[MeasuredRow, ...]:
    """Return the rows of a file; none where there is no file.

    Raises:
        RunError: the file is damaged.
    """
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))["rows"]
        return tuple(
            MeasuredRow(tuple(row["shape"]), float(row["device"]), float(row["kernels"]))
            for row in rows
        )
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunError(
            f"{path} cannot be read as measurements ({type(error).__name__}: {error}); delete it, "
            "or run `topojax bench device` again"
        ) from None


def nearest(rows: Sequence[MeasuredRow], shape: tuple[int, ...]) -> MeasuredRow | None:
    """Return the row of as many axes whose images are nearest in size; None where there is none."""
    alike = [row for row in rows if len(row.shape) == len(shape)]

    def distance(row: MeasuredRow) -> float:
        return abs(math.log(math.prod(row.shape) / math.prod(shape)))

    return min(alike, key=distance, default=None)
