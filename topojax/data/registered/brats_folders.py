"""Folders of BraTS: one a scan, with one NIfTI file a modality, named `SCAN_MODALITY.nii.gz`."""

from __future__ import annotations

from pathlib import Path

from topojax.errors import DataError

# FLAIR first, as the paper names none and its authors' scripts name it first.
MODALITIES = ("flair", "t1", "t1ce", "t2")
_MASK = "seg"


def scan_folders(root: Path, pattern: str) -> dict[str, Path]:
    """Return the folders of scans in a folder or below it, by name, in order of names.

    Args:
        root: of the data set, at any level above the scans.
        pattern: of their names, as of a shell.

    Raises:
        DataError: there is none, or two have one name.
    """
    folders: dict[str, Path] = {}
    for folder in sorted(path for path in root.rglob(pattern) if path.is_dir()):
        if folder.name in folders:
            raise DataError(
                f"{folder.name} is there twice, as {folders[folder.name]} and {folder}, and so may "
                "be labelled twice; keep one"
            )
        folders[folder.name] = folder
    if not folders:
        raise DataError(f"{root} holds no folder {pattern}; give the unpacked data set's folder")
    return dict(sorted(folders.items()))


def mask_file(scan: Path) -> Path:
    """Return the file of the tumour's parts beside a scan's.

    Raises:
        DataError: as `modality_file`.
    """
    return modality_file(scan.parent, _MASK)


def modality_file(folder: Path, modality: str) -> Path:
    """Return the file of a modality in the folder of a scan, compressed or not.

    Raises:
        DataError: it is missing, or there are both.
    """
    names = [f"{folder.name}_{modality}.nii{suffix}" for suffix in (".gz", "")]
    found = [folder / name for name in names if (folder / name).is_file()]
    if not found:
        raise DataError(f"{folder / names[0]} is missing; get {folder.name} again")
    if len(found) > 1:
        raise DataError(f"{folder} holds both {names[0]} and {names[1]}; keep one")
    return found[0]
