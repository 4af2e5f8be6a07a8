"""Small folders in the published layouts of the data sets behind a registration."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import nibabel
import numpy as np

SHAPE = (6, 5, 4)


def volume(name: str, shape: tuple[int, ...] = SHAPE) -> np.ndarray:
    """Return int16 voxels that depend on the name alone."""
    return np.random.default_rng(list(name.encode())).integers(0, 900, shape, dtype=np.int16)


def write_nifti(path: Path, voxels: np.ndarray, affine: np.ndarray | None = None) -> Path:
    """Write voxels with their affine; the default is that of BraTS, left and back first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    placed = np.diag([-1.0, -1.0, 1.0, 1.0]) if affine is None else affine
    nibabel.save(nibabel.Nifti1Image(voxels, placed), path)
    return path


def write_scan(folder: Path, modalities: Sequence[str] = ("flair", "t1", "t1ce", "t2")) -> Path:
    """Write the folder of a scan of BraTS."""
    for modality in modalities:
        name = f"{folder.name}_{modality}"
        write_nifti(folder / f"{name}.nii.gz", volume(name))
    return folder


def write_brats2019(root: Path, n_high: int = 7, n_low: int = 4) -> Path:
    """Write the training data of BraTS 2019 with its table, and return its folder."""
    rows = ["Grade,BraTS_2017_subject_ID,BraTS_2018_subject_ID,BraTS_2019_subject_ID"]
    for grade, n in (("HGG", n_high), ("LGG", n_low)):
        for i in range(n):
            name = f"BraTS19_CBICA_{grade[0]}{i:02d}_1"
            write_scan(root / "MICCAI_BraTS_2019_Data_Training" / grade / name)
            rows.append(f"{grade},NA,NA,{name}")
    table = root / "MICCAI_BraTS_2019_Data_Training" / "name_mapping.csv"
    table.write_text("\n".join(rows) + "\n")
    return root


def write_brats2021(root: Path, ids: Sequence[int], labels: Sequence[tuple[str, str]]) -> Path:
    """Write scans of task 1 and labels of task 2, (id, value) as text, and return the folder."""
    for i in ids:
        write_scan(root / "RSNA_ASNR_MICCAI_BraTS2021_TrainingData" / f"BraTS2021_{i:05d}")
    root.mkdir(exist_ok=True)
    rows = ["BraTS21ID,MGMT_value", *(f"{name},{value}" for name, value in labels)]
    (root / "train_labels.csv").write_text("\n".join(rows) + "\n")
    return root


def write_harvard_gdp(root: Path, n: int = 9, **more: object) -> Path:
    """Write volumes and the table of Harvard-GDP, and return its folder.

    `more` are further arrays of every volume's file.
    """
    (root / "Bscan").mkdir(parents=True)
    (root / "ReadMe").mkdir()
    rows = ["filename,glaucoma,age"]
    for i in range(1, n + 1):
        name = f"data_{i:04d}"
        voxels = (volume(name) % 256).astype(np.uint8)
        np.savez(root / "Bscan" / f"{name}.npz", bscans=voxels, **more)
        rows.append(f"{name},{i % 2},60")
    (root / "ReadMe" / "data_summary.csv").write_text("\n".join(rows) + "\n")
    return root
