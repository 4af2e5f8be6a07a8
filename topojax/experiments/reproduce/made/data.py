"""What runs on one data set read: its images, and the masks of those that learn from masks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from topojax.checksums import arrays_checksum
from topojax.data import SPLITS, Dataset, Masks
from topojax.experiments.reproduce.planned import PlannedRun
from topojax.experiments.segmentation import TrueMasks

ReadImages = Callable[[str, int | None], Dataset]
ReadMasks = Callable[[str, int | None], Masks]


@dataclass(frozen=True)
class RunData:
    """A data set, with masks where a run needs them.

    Attributes:
        dataset: its images and labels.
        masks: of its images; None where no run needs them.
    """

    dataset: Dataset
    masks: TrueMasks | None = None

    def with_masks(self, masks: Masks) -> RunData:
        """Return the same data with masks.

        Raises:
            DataError: they do not fit the images.
        """
        return replace(self, masks=TrueMasks(**masks).checked(self.dataset))

    def fingerprint(self) -> str:
        """Return what tells images, and masks if there are any, from others."""
        # Once: all images go into it.
        images = self.dataset.fingerprint()
        if self.masks is None:
            return f"{images} "
        return f"{images} {arrays_checksum([self.masks.of(split) for split in SPLITS])}"

    def paths(self, runs: Sequence[PlannedRun], folder: Path) -> dict[PlannedRun, Path]:
        """Return the runs' folders, named by all that they read."""
        both = self.fingerprint()
        read = {"segmentation": both}
        images = both.partition(" ")[0]
        return {run: folder / run.folder_name(read.get(run.kind, images)) for run in runs}


def read_run_data(
    read: ReadImages, read_masks: ReadMasks | None, name: str, size: int | None
) -> RunData:
    """Read a data set, and its masks unless `read_masks` is None.

    Raises:
        DataError: they cannot be read or do not fit one another.
    """
    data = RunData(read(name, size))
    return data if read_masks is None else data.with_masks(read_masks(name, size))
