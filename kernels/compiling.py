"""How the kernels are compiled, and how long compiled code is kept on disk.

Numba keys its cache by the file of the compiled function alone, and does not see that a function
which that one calls has changed. Only entry points are cached, and each of them closes over the
digest of all sources: numba makes the contents of closures part of its key.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from numba import njit

entry = njit(cache=True, nogil=True)
"""For what Python calls."""
inner = njit(nogil=True, no_cpython_wrapper=True, no_cfunc_wrapper=True)  # type: ignore[call-overload]
"""For what only compiled code calls; without wrappers for others the first call waits less."""
inlined = njit(nogil=True, inline="always")
"""For what compiled code calls in one place: LLVM then sees it once, not once a level of calls."""


def source_digest(folder: Path = Path(__file__).parent) -> int:
    """Return 63 bits of the SHA-256 of the sources in a folder and the folders in it."""
    digest = hashlib.sha256()
    for file in sorted(folder.rglob("*.py")):
        name = file.relative_to(folder).as_posix().encode()
        digest.update(name + b"\0" + file.read_bytes() + b"\0")
    return int.from_bytes(digest.digest()[:8], "big") >> 1
