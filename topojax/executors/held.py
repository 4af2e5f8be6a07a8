"""What each process of an executor reads for itself, once for all of its work."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Any, Generic, TypeVar

from topojax.errors import DataError

_Data = TypeVar("_Data")

# A worker of Dask may have several threads.
_ONE_READS = threading.Lock()


@dataclass(frozen=True)
class Held(Generic[_Data]):
    """Data that are small to name and large to send.

    Attributes:
        read: reads them; a function that other processes can import, or a partial of one.
        identity: tells them from others, such as a checksum.
        identify: from what was read to its identity.
    """

    read: Callable[[], _Data] = field(compare=False)
    identity: str
    identify: Callable[[_Data], str] = field(compare=False)

    @classmethod
    def of(
        cls,
        data: _Data,
        identify: Callable[[_Data], str],
        read: Callable[[], _Data] | None = None,
    ) -> Held[_Data]:
        """Name data that are here and that other processes read; None: they are sent each time."""
        return cls(read or partial(_as_sent, data), identify(data), identify)

    def __call__(self) -> _Data:
        """Return the data, which this process holds until it is asked for others.

        Raises:
            DataError: they are not what the process that gave the work has read.
        """
        with _ONE_READS:
            return _read(self)


def _as_sent(data: _Data) -> _Data:
    return data


@lru_cache(maxsize=1)
def _read(held: Held[Any]) -> Any:
    data = held.read()
    found = held.identify(data)
    if found != held.identity:
        raise DataError(
            f"a worker read data of checksum {found[:12]}, the command {held.identity[:12]}; all "
            "machines have to have the same files under the same paths"
        )
    return data
