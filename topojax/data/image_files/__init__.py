"""Data sets of images in files, by a manifest or by records in Python."""

from topojax.data.image_files.dataset import read_manifest
from topojax.data.image_files.records import read_records

__all__ = ["read_manifest", "read_records"]
