"""Which files and folders are DICOM, by a few bytes; pydicom is not needed."""

from __future__ import annotations

from pathlib import Path

from topojax.data.scans.refusals import inside

SUFFIX = ".dcm"
# Behind 128 bytes for anything.
_PREAMBLE, _MAGIC = 128, b"DICM"


def is_dicom(file: Path) -> bool:
    """Tell whether a file is DICOM: by its suffix, or, whatever its name, by its first bytes.

    An index of a disk, DICOMDIR, is DICOM without images, and not meant; nor are hidden files.
    """
    if not file.is_file() or file.name.upper() == "DICOMDIR" or file.name.startswith("."):
        return False
    if file.name.lower().endswith(SUFFIX):
        return True
    try:
        with file.open("rb") as content:
            return content.read(_PREAMBLE + len(_MAGIC))[_PREAMBLE:] == _MAGIC
    except OSError:
        # What may not be read is no image that is known of; whoever lists the folder names it.
        return False


def has_dicom(folder: Path) -> bool:
    """Tell whether DICOM files lie in a folder itself.

    Raises:
        DataError: the folder may not be read.
    """
    return folder.is_dir() and any(is_dicom(file) for file in inside(folder))
