"""What is known of a data set that its publisher gives out on request, and one scan of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class Scan:
    """One volume with its class.

    Attributes:
        patient: who it is of; scans of one patient stay in one split.
        path: the file.
        label: position of the class in the data set's `class_names`.
    """

    patient: str
    path: Path
    label: int


@dataclass(frozen=True)
class RegisteredDataset:
    """Facts about one data set, and how its published layout is read.

    Attributes:
        title: what the images are, for people.
        modalities: names of the images that each scan has, the default first.
        request: where to ask for it, and for what, one a line.
        terms: licence or agreement.
        reference: the publication to cite.
        layout: the folder expected, as a small tree.
        find_scans: from a folder and a modality to its scans; what is left out is logged.
        read_volume: from a scan's file to its voxels, (D, H, W) of any real dtype.
        find_mask: from a scan's file to the file of its mask, which `read_volume` reads, too; None:
            there are no masks.
    """

    name: str
    title: str
    class_names: tuple[str, ...]
    modalities: tuple[str, ...]
    request: tuple[str, ...]
    terms: str
    reference: str
    layout: str
    find_scans: Callable[[Path, str], list[Scan]]
    read_volume: Callable[[Path], np.ndarray]
    find_mask: Callable[[Path], Path] | None = None
