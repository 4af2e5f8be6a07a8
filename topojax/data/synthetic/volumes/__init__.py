"""Test volumes of any size, written slab by slab, whose Betti numbers are known."""

from topojax.data.synthetic.volumes.plan import KnownBetti, VolumePlan, known_curves
from topojax.data.synthetic.volumes.writing import write_volume

__all__ = ["KnownBetti", "VolumePlan", "known_curves", "write_volume"]
