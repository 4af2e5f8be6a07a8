"""Data sets by name or path: MedMNIST's, files in their form, and those behind a registration."""

from __future__ import annotations

from pathlib import Path

from topojax.data.dataset import Dataset
from topojax.data.medmnist.reading import read_medmnist
from topojax.data.registered.reading import read_registered, refuse_flat
from topojax.data.registered.table import registered


def read_dataset(
    source: str | Path,
    *,
    size: int | None = None,
    spatial_dims: int | None = None,
    data_root: Path | None = None,
    progress: bool = True,
) -> Dataset:
    """Return a data set of three splits.

    Args:
        source: a file or name as `read_medmnist` takes it, or a data set behind a registration:
            `harvard-gdp`, `brats2019`, `brats2021`, with a modality `brats2019:t1ce`.
        size: voxels along every axis; None: as stored, or 64 behind a registration.
        spatial_dims: 2 or 3; None: name or shape tells.
        data_root: folder of MedMNIST's files, or of the data set behind a registration.
        progress: show bars, on a terminal.

    Raises:
        DataError: as `read_medmnist` and `read_registered`.
        ConfigError: as `read_registered`.
    """
    if registered(str(source)) is None:
        return read_medmnist(
            source, size=size, spatial_dims=spatial_dims, data_root=data_root, progress=progress
        )
    refuse_flat(str(source), spatial_dims)
    return read_registered(str(source), data_root, size=size, progress=progress)
