"""Several hosts: one process on each runs the same program."""

from __future__ import annotations

import os

import jax

from topojax.errors import ConfigError

_VARIABLES = ("JAX_COORDINATOR_ADDRESS", "JAX_NUM_PROCESSES", "JAX_PROCESS_ID")


def join_hosts() -> None:
    """Connect this process with those on the other hosts, before jax computes anything.

    Reads `JAX_COORDINATOR_ADDRESS` (host:port of process 0), `JAX_NUM_PROCESSES` and
    `JAX_PROCESS_ID`. Where none of them is set, jax asks the cluster (Slurm, Open MPI, Cloud TPU,
    Kubernetes).

    Raises:
        ConfigError: a variable is missing or no number, or there is no cluster.
    """
    found = {name: os.environ[name] for name in _VARIABLES if name in os.environ}
    if found and len(found) < len(_VARIABLES):
        missing = ", ".join(name for name in _VARIABLES if name not in found)
        raise ConfigError(f"{missing} must be set beside {', '.join(found)}; set all or none")
    try:
        if not found:
            jax.distributed.initialize()
            return
        address, count, index = (found[name] for name in _VARIABLES)
        jax.distributed.initialize(address, int(count), int(index))
    except (ValueError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise ConfigError(
            f"the hosts cannot be joined ({reason}); set {', '.join(_VARIABLES)} on each"
        ) from error
