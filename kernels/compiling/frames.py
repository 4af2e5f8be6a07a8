"""Room for the frames of Python while numba compiles, which is many short calls at every depth.

CPython keeps frames in chunks of 16 KiB. It asks the system for one when a call does not fit, and
gives it back when that call returns: a loop at the end of a chunk maps memory at each of its calls,
which made the first call of some kernels a fifth slower. The chunk of a frame that claims a large
stack has room behind it for all that is called from there.
"""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Any

# Words of 8 bytes; the chunk is the next power of two, and unused pages of it take no memory.
_CLAIMED = 2**16


def _call(function: Callable[..., Any], *arguments: Any) -> Any:
    return function(*arguments)


with_room: Callable[..., Any] = FunctionType(
    _call.__code__.replace(co_name="with_room", co_stacksize=_CLAIMED), globals()
)
"""Call a function with arguments, and return what it does, with half a MiB for frames."""
