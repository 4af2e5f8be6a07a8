"""One image of any format: what its file holds, and where that lies in the patient."""

from topojax.data.scans.nifti_file import write_nifti
from topojax.data.scans.reading import is_scan, read_scan, scans_in
from topojax.data.scans.scan import Scan

__all__ = ["Scan", "is_scan", "read_scan", "scans_in", "write_nifti"]
