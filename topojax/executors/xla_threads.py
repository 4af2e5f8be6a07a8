"""As many of XLA's threads in a worker as in the process that asks it.

On a processor XLA adds up products in an order that depends on its number of threads, so that the
last digits of a network do, too, and with them its maps. The number is read when XLA is first used,
which imports alone may do, so that it has to be in the environment that a worker begins with. More
threads than processors take a quarter more of one processor for 16, nothing for two.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

# What XLA reads, the first before the second; without them it counts processors.
_SETTINGS = ("PJRT_NPROC", "NPROC")


@contextmanager
def same_xla_threads() -> Iterator[None]:
    """Let processes that begin while the block runs have as many of XLA's threads as this one.

    They may have fewer processors. Workers of a Dask cluster have begun before; they have as many
    as they were begun with.
    """
    if any(os.environ.get(name) for name in _SETTINGS):
        yield  # inherited
        return
    # Not before it is needed: the kernels bring their compiler.
    from topojax.kernels.threads import check_threads

    os.environ[_SETTINGS[0]] = str(check_threads(None))
    try:
        yield
    finally:
        del os.environ[_SETTINGS[0]]
