"""What one run times."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Plan:
    """Images, descriptors, and how often either side is timed.

    Attributes:
        data: file in MedMNIST's form; None is synthetic volumes.
        size: voxels along every axis; None is as the file has them.
        images: at most so many of the training split; None is all, of synthetic ones 96.
        filtrations: by name.
        thresholds: of every filtration.
        repeats: generations that the search is timed on.
        loops: candidates that the paper's loop is timed on.
    """

    data: Path | None = None
    size: int | None = None
    images: int | None = None
    filtrations: tuple[str, ...] = ("intensity",)
    thresholds: int = 50
    repeats: int = 5
    loops: int = 3
