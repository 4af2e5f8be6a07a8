"""Images of formats for arrays: npy, npz, and zarr with its OME-Zarr images."""

from topojax.data.scans.arrays.npy import read_npy_scan, read_npz_scan
from topojax.data.scans.arrays.zarr_store import is_zarr, read_zarr

__all__ = ["is_zarr", "read_npy_scan", "read_npz_scan", "read_zarr"]
