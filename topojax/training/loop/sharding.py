"""Data-parallel training: every device has the weights, and a share of each batch.

Under `jit` a step over a batch that lies on several devices is the step over the whole batch:
gradients are summed, and batch normalisation takes its statistics, over all of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from topojax.errors import ConfigError


@dataclass(frozen=True)
class DataParallel:
    """The devices that share a batch, in the order of their hosts; each host has equally many."""

    devices: tuple[jax.Device, ...]

    @property
    def replicated(self) -> NamedSharding:
        """Everything on every device."""
        return NamedSharding(self._mesh, PartitionSpec())

    def replicate(self, tree: Any) -> Any:
        """Copy arrays, the same ones on every host, to every device; never alias them."""
        return jax.tree.map(lambda leaf: self._place(leaf, self.replicated), tree)

    def shard(self, array: np.ndarray, axis: int) -> jax.Array:
        """Divide an array among the devices along an axis whose length they divide.

        Args:
            array: the rows of this host along `axis`, as `own_rows` names them.
            axis: of the samples.
        """
        spec = PartitionSpec(*(None,) * axis, "data")
        return jax.make_array_from_process_local_data(NamedSharding(self._mesh, spec), array)

    def own_rows(self, n: int) -> slice:
        """Return which of n rows this host reads."""
        share = n // self.n_hosts
        first = self._hosts.index(jax.process_index()) * share
        return slice(first, first + share)

    def round_up(self, n: int) -> int:
        """Return the least multiple of the number of devices that is at least n."""
        return -(-n // len(self.devices)) * len(self.devices)

    @property
    def n_hosts(self) -> int:
        """Return how many processes hold the devices."""
        return len(self._hosts)

    @property
    def _hosts(self) -> list[int]:
        return sorted({device.process_index for device in self.devices})

    @property
    def _mesh(self) -> Mesh:
        return Mesh(np.array(self.devices), ("data",))

    def _place(self, leaf: Any, sharding: NamedSharding) -> jax.Array:
        if self.n_hosts == 1:
            # The step donates its inputs; who handed them over may still need them.
            return jax.device_put(leaf, sharding, may_alias=False)
        return jax.make_array_from_process_local_data(sharding, np.array(leaf))


def share_batches(batch: int, devices: Sequence[jax.Device]) -> DataParallel:
    """Return the devices that a batch is divided among, as many as divide it evenly.

    Batches are neither padded nor cut, so that the number of devices changes no result beyond
    rounding; 32 images on 6 devices use 4.

    Args:
        batch: samples computed at once.
        devices: to choose from, of all hosts.

    Raises:
        ConfigError: the hosts do not divide the batch; each of them has to take part.
    """
    by_host: dict[int, list[jax.Device]] = {}
    for device in devices:
        by_host.setdefault(device.process_index, []).append(device)
    if batch % len(by_host):
        raise ConfigError(
            f"a batch of {batch} images cannot be divided among {len(by_host)} hosts; set "
            f"batch_size / accumulate to a multiple of {len(by_host)}"
        )
    share = batch // len(by_host)
    most = min(len(own) for own in by_host.values())
    count = max(k for k in range(1, most + 1) if share % k == 0)
    return DataParallel(tuple(d for host in sorted(by_host) for d in by_host[host][:count]))


def on_this_host(tree: Any) -> Any:
    """Return replicated arrays as arrays of this host's first device."""
    return jax.tree.map(lambda leaf: leaf.addressable_data(0), tree)
