"""What comes of reading a file: an image, one line, or something else."""

from __future__ import annotations

from pathlib import Path

from topojax.data.scans import read_scan
from topojax.errors import DataError


def outcome(path: Path) -> str:
    """Return `read`, `refused`, or what else was raised."""
    try:
        scan = read_scan(path)
    except DataError as error:
        return "refused" if "\n" not in str(error) and str(path) in str(error) else str(error)
    return "read" if scan.voxels.size else "an empty image"
