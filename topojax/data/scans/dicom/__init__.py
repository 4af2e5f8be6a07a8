"""DICOM series, volumes of one file, and single images, by the package pydicom."""

from topojax.data.scans.dicom.reading import read_dicom, read_dicom_series
from topojax.data.scans.dicom.recognising import has_dicom, is_dicom

__all__ = ["has_dicom", "is_dicom", "read_dicom", "read_dicom_series"]
