"""Data sets by name or path: MedMNIST's, files in their form, manifests, and those on request."""

from __future__ import annotations

from pathlib import Path

from topojax.config import ManifestConfig, PrepareConfig
from topojax.data.dataset import Dataset
from topojax.data.image_files import read_manifest
from topojax.data.manifest import is_files, is_manifest
from topojax.data.medmnist.reading import read_medmnist
from topojax.data.registered.reading import read_registered, refuse_flat
from topojax.data.registered.table import registered
from topojax.errors import ConfigError, DataError


def read_dataset(
    source: str | Path,
    *,
    size: int | None = None,
    spatial_dims: int | None = None,
    data_root: Path | None = None,
    prepare: PrepareConfig | None = None,
    columns: ManifestConfig | None = None,
    progress: bool = True,
) -> Dataset:
    """Return a data set of three splits.

    Args:
        source: a file or name as `read_medmnist` takes it, a manifest (.csv or .tsv), or a data set
            behind a registration: `harvard-gdp`, `brats2019`, `brats2021`, with a modality
            `brats2019:t1ce`.
        size: voxels along every axis; None: as stored, or 64 behind a registration.
        spatial_dims: 2 or 3; None: name or shape tells.
        data_root: folder of MedMNIST's files, or of the data set behind a registration.
        prepare, columns: of a manifest; see `read_manifest`.
        progress: show bars, on a terminal.

    Raises:
        DataError: as `read_medmnist`, `read_manifest` and `read_registered`.
        ConfigError: as `read_registered`; or settings of a manifest where there is none.
    """
    if is_manifest(source):
        return read_manifest(
            source,
            prepare=prepare,
            columns=columns,
            size=size,
            spatial_dims=spatial_dims,
            progress=progress,
        )
    if registered(str(source)) is None and is_files(source):
        raise DataError(
            f"{source} names images without labels; to fit on them, write a manifest, a CSV file "
            "with the columns path and label"
        )
    refuse_preparation(str(source), prepare, columns)
    if registered(str(source)) is None:
        return read_medmnist(
            source, size=size, spatial_dims=spatial_dims, data_root=data_root, progress=progress
        )
    refuse_flat(str(source), spatial_dims)
    return read_registered(str(source), data_root, size=size, progress=progress)


def refuse_preparation(
    source: str, prepare: PrepareConfig | None, columns: ManifestConfig | None
) -> None:
    """Raise ConfigError where settings of image files would have no effect on arrays."""
    for name, section in (("prepare", prepare), ("manifest", columns)):
        told = section.model_dump(exclude_defaults=True) if section is not None else {}
        if told:
            key = next(iter(told))
            raise ConfigError(
                f"{name}.{key}={told[key]} is of images in files, and {source} holds arrays; leave "
                "it out, or write a manifest of files"
            )
