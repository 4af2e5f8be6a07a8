"""BraTS 2021: MRI of task 1 with the labels of task 2, methylation of the MGMT promoter."""

from __future__ import annotations

import logging
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
from topojax.errors import DataError, shown

_LOGGER = logging.getLogger(__name__)

_TABLE = "train_labels.csv"
_CLASSES = {"0": 0, "1": 1}
# The organisers of task 2 advise to leave these out of training: some of their images are faulty.
_WITHDRAWN = frozenset({"BraTS2021_00109", "BraTS2021_00123", "BraTS2021_00709"})
# In a message; all are counted.
_MOST_NAMED = 12


def find_scans(root: Path, modality: str) -> list[Scan]:
    """Return the scans below a folder that have a label; each is of a patient of its own.

    Task 1 has more patients than task 2 has labels, and not quite all of task 2's. Those of one
    task alone, and three that the organisers withdrew, are left out, counted and named on the
    logger.

    Raises:
        DataError: no table, a row that cannot be used, no scan with a label, or a scan that lacks
            the modality's file.
    """
    path = find_table(root, _TABLE)
    if path is None:
        raise DataError(f"{root} holds no {_TABLE}; put task 2's labels there, beside the scans")
    rows = [(_scan_name(text, path), value) for text, value in _rows(path)]
    labels = labels_by_scan(rows, _CLASSES, path)
    folders = scan_folders(root, "BraTS2021_*")
    _say_left_out("withdrawn by the organisers", _WITHDRAWN & (labels.keys() | folders.keys()))
    _say_left_out(f"without a label in {_TABLE}", folders.keys() - labels.keys() - _WITHDRAWN)
    _say_left_out("labelled, without a folder", labels.keys() - folders.keys() - _WITHDRAWN)
    used = [name for name in folders if name in labels and name not in _WITHDRAWN]
    if not used:
        raise DataError(f"{root}: {_TABLE} labels none of the {len(folders)} scans; get both again")
    return [Scan(name, modality_file(folders[name], modality), labels[name]) for name in used]


def _rows(path: Path) -> list[tuple[str, str]]:
    return [(name, value) for name, value in read_table(path, ("BraTS21ID", "MGMT_value"))]


def _scan_name(text: str, path: Path) -> str:
    """Return the folder's name that an id stands for: `9`, `00009` and the name itself."""
    match = re.fullmatch(r"(?:BraTS2021_)?0*([0-9]{1,5})", text)
    if match is None:
        raise DataError(
            f"{path} has the id {shown(text)!r}; expected a number, as 9, 00009 or BraTS2021_00009"
        )
    return f"BraTS2021_{int(match[1]):05d}"


def _say_left_out(why: str, names: set[str] | frozenset[str]) -> None:
    if names:
        some = ", ".join(sorted(names)[:_MOST_NAMED])
        more = " and so on" if len(names) > _MOST_NAMED else ""
        _LOGGER.warning("brats2021: %d left out, %s: %s%s", len(names), why, some, more)


BRATS2021 = RegisteredDataset(
    name="brats2021",
    title="MRI of the brain, skull-stripped, 240 x 240 x 155 voxels of 1 mm; 585 labels",
    class_names=("MGMT unmethylated", "MGMT methylated"),
    modalities=MODALITIES,
    request=(
        "task 1's training data (RSNA_ASNR_MICCAI_BraTS2021_TrainingData), after registration:",
        "https://www.synapse.org/#!Synapse:syn25829067/wiki/610865",
        "task 2's train_labels.csv, after consent to the competition's rules:",
        "https://www.kaggle.com/competitions/rsna-miccai-brain-tumor-radiogenomic-classification/data",
    ),
    terms="the terms of the challenge and the rules of the competition, agreed to there",
    reference="Baid et al. 2021; Menze et al. 2015; Bakas et al. 2017",
    layout="""\
DIR/
  train_labels.csv                  BraTS21ID and MGMT_value
  RSNA_ASNR_MICCAI_BraTS2021_TrainingData_16July2021/
    BraTS2021_00000/
      BraTS2021_00000_flair.nii.gz    and _t1, _t1ce, _t2; _seg: masks; .nii as well
    BraTS2021_00002/""",
    find_scans=find_scans,
    read_volume=read_nifti,
    find_mask=mask_file,
)
"""Methylation of the MGMT promoter (paper, table 1)."""
