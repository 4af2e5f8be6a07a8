"""Topology on the accelerator: pure JAX, inside `jit` and `vmap`, with static shapes.

The numbers are those of `topojax.kernels`, which are faster on a CPU. Imported by its own name.
"""

from topojax.topology.device.betti import betti_curves
from topojax.topology.device.components import connected_components
from topojax.topology.device.euler import euler_curve
from topojax.topology.device.losses import betti_error, topology_loss
from topojax.topology.device.pairs import PersistencePairs, persistence_pairs
from topojax.topology.device.soft import soft_betti_curves

__all__ = [
    "PersistencePairs",
    "betti_curves",
    "betti_error",
    "connected_components",
    "euler_curve",
    "persistence_pairs",
    "soft_betti_curves",
    "topology_loss",
]
