"""Which loops of a volume live from where to where: cycles of edges, reduced mod 2.

- `links`: the part of a voxel's surroundings that is there before it; `joins`: shortest ways in it.
- `columns`: the voxels that fill loops, and these.
- `queue`, `chain`: the cycle at hand, from its latest voxel on; `pushing` takes it off that voxel.
- `reduced`: cycles that are stored; `reduction` pairs them with the voxels that fill them.
- `pairing`: all of this for one image.
"""
