"""A volume's intensities as a method sees them, plane by plane."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from topojax.config import PrepareConfig
from topojax.data.big_volumes.volume import FileVolume, box_of
from topojax.data.preparation import prepare
from topojax.data.scans.scan import Scan
from topojax.errors import ConfigError


@dataclass(frozen=True)
class Intensities:
    """Float32 intensities of a volume, those that `prepare` makes of the whole.

    Attributes:
        volume: in its file.
        config: what is done with its voxels, each by itself: units, or a window.

    Raises:
        ConfigError: settings that need more than one voxel at a time.
    """

    volume: FileVolume
    config: PrepareConfig

    def __post_init__(self) -> None:
        refuse_whole(self.config, self.volume.path)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Of the volume, (D, H, W)."""
        return self.volume.shape

    @property
    def chunks(self) -> tuple[int, int, int]:
        """Voxels along each axis that are read together."""
        return self.volume.chunks

    def identity(self) -> str:
        """Return by which text the intensities are told from others."""
        return f"{self.volume.identity()} {self.config.model_dump_json()}"

    def __getitem__(self, index: slice | tuple[slice, ...]) -> np.ndarray:
        """Return planes along the first axis, or a box, float32 (k, h, w).

        Raises:
            DataError: they cannot be read, or hold NaN, infinite values or values beyond float32.
        """
        planes, _, _ = box_of(index, self.shape)
        name = f"{self.volume.path}, planes {planes.start} to {planes.stop - 1}"
        return prepare(Scan(self.volume[index], 3), self.config, name=name).voxels


def refuse_whole(config: PrepareConfig, path: Path) -> None:
    """Raise ConfigError where a preparation needs more than one voxel at a time."""
    needs_all = {
        "prepare.spacing": config.spacing not in (None, "any"),
        "prepare.shape": config.shape is not None,
        "prepare.percentiles": config.percentiles is not None,
        "prepare.normalise": config.normalise != "none",
    }
    for key, needed in needs_all.items():
        if needed:
            raise ConfigError(
                f"{key} needs the whole of {path}, which is read in slabs; leave it out, or bring "
                "the volume to a size that fits into memory"
            )
