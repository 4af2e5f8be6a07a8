"""How much memory there is, so that what cannot fit is refused by its declared size."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from topojax.errors import DataError

# Of a container, by version 2 and 1 of Linux's control groups.
_CONTAINER_LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)


def memory_limit() -> int:
    """Return the bytes beyond which this process cannot have more, as far as that is known.

    The least of the machine's memory, the container's limit, and what is left of the process's
    own limit of addresses (`ulimit -v`).
    """
    limits = [sys.maxsize, *_machine(), *_container(), *_process()]
    return max(min(limits), 0)


def in_units(n_bytes: int) -> str:
    """Return a number of bytes for people: `3.2 GB`."""
    if n_bytes >= 10**12:
        # Whole numbers have no largest one, floats have.
        return f"{n_bytes // 10**9} GB"
    for unit, size in (("GB", 10**9), ("MB", 10**6)):
        if n_bytes >= size:
            return f"{n_bytes / size:.1f} {unit}"
    return f"{n_bytes} bytes"


def refuse_beyond_memory(what: str, needed: int) -> None:
    """Raise DataError where `what` declares that it takes more bytes than there are."""
    limit = memory_limit()
    if needed > limit:
        raise DataError(
            f"{what} does not fit into memory (it takes {in_units(needed)}, there are "
            f"{in_units(limit)}); it is damaged, or needs a larger machine"
        )


@contextmanager
def within_memory(what: str) -> Iterator[None]:
    """Raise DataError in one line where the block runs out of memory over `what`."""
    try:
        yield
    except MemoryError as error:
        reason = " ".join(str(error).split()) or "out of memory"
        raise DataError(
            f"{what} does not fit into memory ({reason}); use fewer or smaller images, or a larger "
            "machine"
        ) from None


def _machine() -> Iterator[int]:
    # Neither macOS nor Windows has all of these names.
    with suppress(ValueError, OSError, AttributeError):
        yield os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _container() -> Iterator[int]:
    for file in _CONTAINER_LIMITS:
        # No such file outside Linux; the word `max` where there is no limit.
        with suppress(OSError, ValueError):
            yield int(file.read_text("ascii"))


def _process() -> Iterator[int]:
    with suppress(ImportError, OSError, ValueError):
        import resource

        limit, _ = resource.getrlimit(resource.RLIMIT_AS)
        if limit != resource.RLIM_INFINITY:
            pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
            yield limit - pages * resource.getpagesize()
