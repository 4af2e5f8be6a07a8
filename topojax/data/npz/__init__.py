"""Arrays from npz and npy files, read without running code; their headers are checked first."""

from topojax.data.npz.arrays import check_file, keys_of, read_npy, read_npz, unpacked_bytes

__all__ = ["check_file", "keys_of", "read_npy", "read_npz", "unpacked_bytes"]
