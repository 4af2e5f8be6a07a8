"""How the kernels are compiled, and how long compiled code is kept on disk.

Numba keys its cache by the file of the compiled function alone, and does not see that a function
which that one calls has changed. Only entry points are cached, and each of them closes over the
digest of all sources: numba makes the contents of closures part of its key.
"""

from __future__ import annotations

import hashlib
import pickle
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from numba import config, njit
from numba.core.caching import FunctionCache

if config.DISABLE_JIT:  # type: ignore[attr-defined]
    # As plain Python the kernels are wrong, not slow alone: integers then overflow as NumPy's do.
    raise ImportError(
        "NUMBA_DISABLE_JIT=1 turns off the compiler that topojax.kernels need; unset it, or set it "
        "to 0",
        name="topojax.kernels",
    )

# Of a disk that is full, and of files that are cut short.
_FAILED = (OSError, EOFError, pickle.UnpicklingError)

inner = njit(nogil=True, no_cpython_wrapper=True, no_cfunc_wrapper=True)  # type: ignore[call-overload]
"""For what only compiled code calls; without wrappers for others the first call waits less."""
inlined = njit(nogil=True, inline="always")
"""For what compiled code calls in one place: LLVM then sees it once, not once a level of calls."""


def entry(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile what Python calls, and keep it on disk where a folder for it can be written."""
    compiled = njit(nogil=True)(function)
    try:
        compiled._cache = _Kept(function)  # type: ignore[attr-defined]
    except RuntimeError as error:
        # Packages of containers are often installed read-only, for users without a home folder.
        if "no locator available" not in str(error):
            raise
        _warn_of_no_folder()
    return compiled


class _Kept(FunctionCache):
    """Code on disk where a disk that is full, or that damaged it, costs a compilation alone."""

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return the compiled code of a signature, or None."""
        try:
            return super().load_overload(sig, target_context)
        except _FAILED as error:
            _warn_of_failure(self.cache_path, _reason(error))
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep the compiled code of a signature, if that can be."""
        try:
            super().save_overload(sig, data)
        except _FAILED as error:
            _warn_of_failure(self.cache_path, _reason(error))


def _reason(error: Exception) -> str:
    # Without the name of the file, of which there is one a function.
    return getattr(error, "strerror", None) or str(error)


@cache
def _warn_of_failure(folder: str, reason: str) -> None:
    """Warn once of each failure, however many functions there are."""
    warnings.warn(
        f"compiled kernels cannot be kept in {folder}: {reason}. Each process compiles anew, for "
        "some 20 s; free the disk, remove what is damaged there, or set NUMBA_CACHE_DIR to another "
        "folder",
        RuntimeWarning,
        stacklevel=2,
    )


@cache
def _warn_of_no_folder() -> None:
    """Warn once a process, however many functions there are."""
    warnings.warn(
        "compiled kernels cannot be kept: neither the folder of topojax.kernels nor the user's "
        "cache folder can be written. Each process compiles anew, for some 20 s; set "
        "NUMBA_CACHE_DIR to a folder that can be written",
        RuntimeWarning,
        stacklevel=2,
    )


def source_digest(folder: Path = Path(__file__).parent) -> int:
    """Return 63 bits of the SHA-256 of the sources in a folder and the folders in it."""
    digest = hashlib.sha256()
    for file in sorted(folder.rglob("*.py")):
        name = file.relative_to(folder).as_posix().encode()
        digest.update(name + b"\0" + file.read_bytes() + b"\0")
    return int.from_bytes(digest.digest()[:8], "big") >> 1
