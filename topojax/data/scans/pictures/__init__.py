"""Images of formats that are not medical: PNG and JPEG, TIFF with its stacks."""

from topojax.data.scans.pictures.png_jpeg import read_picture
from topojax.data.scans.pictures.tiff import TIFF_SUFFIXES, read_tiff

__all__ = ["TIFF_SUFFIXES", "read_picture", "read_tiff"]
