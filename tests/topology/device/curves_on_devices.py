"""Program: the curves of a batch that is shared among devices, beside the kernels'."""

from __future__ import annotations

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from topojax import kernels
from topojax.topology.device import betti_curves

GRID = [0.2, 0.5, 0.8]


def main() -> None:
    """Raise AssertionError unless every way of sharing gives the kernels' curves."""
    devices = np.array(jax.devices())
    assert len(devices) == 8
    mesh = Mesh(devices, ("images",))
    by_image = PartitionSpec("images")
    images = np.random.default_rng(0).random((16, 5, 6, 4), np.float32)
    want = kernels.betti_curves_batch(images, GRID)
    many = jax.vmap(lambda x: betti_curves(x, GRID))
    shared = jax.device_put(images, NamedSharding(mesh, by_image))
    mapped = jax.shard_map(many, mesh=mesh, in_specs=by_image, out_specs=by_image, check_vma=False)
    for program in (jax.jit(many), jax.jit(mapped)):
        found = program(shared)
        np.testing.assert_array_equal(found, want)
    assert len(found.sharding.device_set) == 8


if __name__ == "__main__":
    main()
