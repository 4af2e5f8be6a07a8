"""Tables and names of image files: which images, of which class, in which split."""

from topojax.data.manifest.classes import classes_of, labels_of, splits_of
from topojax.data.manifest.rows import Row, columns_there, in_two_splits, read_rows
from topojax.data.manifest.sources import is_files, is_manifest, rows_of_files

__all__ = [
    "Row",
    "classes_of",
    "columns_there",
    "in_two_splits",
    "is_files",
    "is_manifest",
    "labels_of",
    "read_rows",
    "rows_of_files",
    "splits_of",
]
