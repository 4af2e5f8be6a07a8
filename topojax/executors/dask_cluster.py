"""An existing Dask cluster, by the address of its scheduler."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager

from topojax.errors import RunError

_LOGGER = logging.getLogger(__name__)
_PATIENCE_S = 10


@contextmanager
def cluster_executor(address: str) -> Iterator[Executor]:
    """Open an executor on the workers of a cluster, which stays when the block ends.

    The cluster gives what a lost worker did to another by itself, as often as its setting
    `distributed.scheduler.allowed-failures` says.

    Args:
        address: such as `tcp://10.0.0.1:8786`.

    Raises:
        RunError: no scheduler answers.
    """
    from distributed import Client

    try:
        client = Client(address, timeout=_PATIENCE_S, set_as_default=False)
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise RunError(
            f"--scheduler={address}: no Dask scheduler answers there ({reason}); start one with "
            "`dask scheduler`, and give the address that it prints"
        ) from None
    with client:
        if not client.scheduler_info()["workers"]:
            _LOGGER.warning("the Dask cluster at %s has no workers yet; waiting for them", address)
        # Not `pure`: an item that is given again is to be done again, not to be looked up.
        yield client.get_executor(pure=False)
