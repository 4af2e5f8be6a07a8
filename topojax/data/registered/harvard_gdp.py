"""Harvard-GDP: OCT volumes of 1000 eyes with and without glaucoma, in npz files."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from topojax.data.npz import keys_of, read_npz
from topojax.data.registered.label_table import find_table, labels_by_scan, read_table
from topojax.data.registered.registered_dataset import RegisteredDataset, Scan
from topojax.errors import DataError

_TABLE = "data_summary.csv"
_MAPS = "rnflt_maps"
_LABEL = "glaucoma"
_CLASSES = {"0": 0, "1": 1, "0.0": 0, "1.0": 1}
# As this data set names its volumes, and as its publisher's later ones do.
_VOLUMES = ("bscans", "oct_bscans")


def find_scans(root: Path, modality: str) -> list[Scan]:
    """Return all volumes below a folder, each of a patient of its own.

    The modality is bscans, the only one. Labels are those of the table, of the map of retinal
    thickness of the same name, and of the volume's own file: all that are there, which have to
    agree.

    Raises:
        DataError: there are no volumes, or not all that the table names; one is there twice, has no
            label, or two that differ; a file or the table cannot be read.
    """
    maps, volumes = _files(root)
    table = _labels_of_table(root)
    missing = sorted(table.keys() - volumes.keys())
    if missing:
        raise DataError(
            f"{root}: {len(missing)} volumes that {_TABLE} names are missing, {missing[0]}.npz "
            "the first; get them again"
        )
    scans = []
    for name, path in volumes.items():
        held = {file: _own_label(file) for file in (path, maps.get(name)) if file is not None}
        held[Path(_TABLE)] = table.get(name)
        scans.append(Scan(name, path, _agreed(path, held)))
    return scans


def read_volume(path: Path) -> np.ndarray:
    """Return the B-scans of an eye, (scans, depth, width) as stored; npz files have no affine.

    Raises:
        DataError: the file cannot be read, or does not hold one volume.
    """
    held = [key for key in _VOLUMES if key in keys_of(path)]
    if len(held) != 1:
        raise DataError(
            f"{path} holds {' and '.join(held) or 'no volume'}; expected one of "
            f"{' or '.join(_VOLUMES)}"
        )
    return read_npz(path, held)[held[0]]


def _files(root: Path) -> tuple[dict[str, Path], dict[str, Path]]:
    """Return the maps and the volumes, by name."""
    maps: dict[str, Path] = {}
    volumes: dict[str, Path] = {}
    for path in sorted(root.rglob("data_*.npz")):
        kind = maps if path.parent.name == _MAPS else volumes
        if path.stem in kind:
            raise DataError(
                f"{path.name} is there twice, as {kind[path.stem]} and {path}; keep one"
            )
        kind[path.stem] = path
    if not volumes:
        only = f" but {len(maps)} maps of thickness ({_MAPS})" if maps else ""
        raise DataError(
            f"{root} holds no volumes Bscan/data_*.npz{only}; `topojax data info harvard-gdp` says "
            "where to ask for them"
        )
    return maps, volumes


def _labels_of_table(root: Path) -> dict[str, int]:
    path = find_table(root, _TABLE)
    if path is None:
        return {}
    rows = read_table(path, ("filename", _LABEL))
    return labels_by_scan(
        [(name.removesuffix(".npz"), label) for name, label in rows], _CLASSES, path
    )


def _own_label(path: Path) -> int | None:
    if _LABEL not in keys_of(path):
        return None
    value = read_npz(path, [_LABEL])[_LABEL]
    if value.size != 1 or value.item() not in (0, 1):
        raise DataError(f"{path}: {_LABEL} is {value!r}; expected 0 or 1")
    return int(value.item())


def _agreed(path: Path, held: dict[Path, int | None]) -> int:
    labels = {place: label for place, label in held.items() if label is not None}
    if not labels:
        raise DataError(
            f"{path} has no label: neither it nor its map in {_MAPS} holds {_LABEL}, and no "
            f"{_TABLE} names it; give the folder above Bscan"
        )
    if len(set(labels.values())) > 1:
        told = ", ".join(f"{label} by {place}" for place, label in labels.items())
        raise DataError(f"{path} is labelled twice: {told}; get the data set again")
    return next(iter(labels.values()))


HARVARD_GDP = RegisteredDataset(
    name="harvard-gdp",
    title="OCT volumes of the retina, 1000 eyes of 1000 patients",
    class_names=("non-glaucoma", "glaucoma"),
    modalities=("bscans",),
    request=(
        "the OCT volumes (folder Bscan) of Harvard-GDP1000, from the publisher:",
        "https://ophai.hms.harvard.edu/datasets/harvard-gdp1000",
        "https://github.com/Harvard-Ophthalmology-AI-Lab/Harvard-GDP",
        "its maps of retinal thickness (rnflt_maps) alone are images, no volumes",
    ),
    terms="CC BY-NC-ND 4.0; for non-commercial research, not for clinical decisions",
    reference="Luo et al. 2023",
    layout="""\
DIR/
  ReadMe/data_summary.csv           filename and glaucoma; or
  rnflt_maps/data_0001.npz          glaucoma
  Bscan/
    data_0001.npz                   bscans (or oct_bscans), and maybe glaucoma
    data_0002.npz""",
    find_scans=find_scans,
    read_volume=read_volume,
)
"""Glaucoma (paper, table 1)."""
