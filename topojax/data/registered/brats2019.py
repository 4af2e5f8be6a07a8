"""BraTS 2019: MRI of gliomas of high and low grade, labelled by folder or `name_mapping.csv`."""

from __future__ import annotations

import re
from pathlib import Path

from topojax.data.registered.brats_folders import (
    MODALITIES,
    mask_file,
    modality_file,
    scan_folders,
)
from topojax.data.registered.label_table import find_table, labels_by_scan, read_table
from topojax.data.registered.nifti import read_nifti
from topojax.data.registered.registered_dataset import RegisteredDataset, Scan
from topojax.errors import DataError

_GRADES = {"LGG": 0, "HGG": 1}
_TABLE = "name_mapping.csv"


def find_scans(root: Path, modality: str) -> list[Scan]:
    """Return all scans below a folder; every one has to have a grade.

    The grade is the folder's that a scan lies in, HGG or LGG, the table's, or both. Scans
    `BraTS19_SITE_PATIENT_TIME` of one site and patient are of one patient.

    Raises:
        DataError: a scan has no grade, or two, or lacks the modality's file; the table cannot be
            used.
    """
    table = _grades_of_table(root)
    scans = []
    for name, folder in scan_folders(root, "BraTS19_*").items():
        grades = {_GRADES[folder.parent.name]} if folder.parent.name in _GRADES else set()
        grades |= {table[name]} if name in table else set()
        if not grades:
            raise DataError(
                f"{folder} has no label: it lies in neither HGG nor LGG, and no {_TABLE} names it; "
                "give the folder of the training data alone"
            )
        if len(grades) > 1:
            raise DataError(
                f"{folder} is labelled twice: it lies in {folder.parent.name}, and {_TABLE} says "
                "otherwise; get the training data again"
            )
        patient = re.sub(r"_\d+$", "", name)
        scans.append(Scan(patient, modality_file(folder, modality), grades.pop()))
    return scans


def _grades_of_table(root: Path) -> dict[str, int]:
    path = find_table(root, _TABLE)
    if path is None:
        return {}
    # The table of a later year also names scans that 2019 had not.
    rows = [
        (name, grade)
        for name, grade in read_table(path, ("BraTS_2019_subject_ID", "Grade"))
        if name not in ("", "NA")
    ]
    return labels_by_scan(rows, _GRADES, path)


BRATS2019 = RegisteredDataset(
    name="brats2019",
    title="MRI of the brain, skull-stripped, 240 x 240 x 155 voxels of 1 mm; 335 scans",
    class_names=("low-grade glioma", "high-grade glioma"),
    modalities=MODALITIES,
    request=(
        "the training data (MICCAI_BraTS_2019_Data_Training), after registration with the",
        "organisers: https://www.med.upenn.edu/cbica/brats2019/registration.html",
    ),
    terms="the challenge's terms, agreed to at registration; for research, not to be passed on",
    reference="Menze et al. 2015; Bakas et al. 2017, 2018",
    layout="""\
DIR/
  name_mapping.csv                  Grade and BraTS_2019_subject_ID; may be absent
  HGG/
    BraTS19_CBICA_AAB_1/
      BraTS19_CBICA_AAB_1_flair.nii.gz    and _t1, _t1ce, _t2; _seg: masks; .nii as well
  LGG/
    BraTS19_2013_0_1/""",
    find_scans=find_scans,
    read_volume=read_nifti,
    find_mask=mask_file,
)
"""Grade of glioma (paper, table 1)."""
