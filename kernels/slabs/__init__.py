"""Exact Betti curves of volumes that are read in slabs, of which two are in memory at once.

- `levels`: a voxel's level is the index of the first threshold not below its value.
- `forest`: what is read so far as a minimum spanning forest of voxels, of which only the edges are
  kept that a later slab can still put out: those between voxels of the last plane.
- `cells`: the Euler numbers, cell by cell.
- `curves`: these three put together; what callers use.
"""

from __future__ import annotations

from .curves import betti_curves_slabs

__all__ = ["betti_curves_slabs"]
