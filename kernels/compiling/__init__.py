"""How the kernels are compiled, and how long compiled code is kept on disk.

- `entry`: what Python calls. It is compiled to machine code, which `keeping` keeps on disk.
- `inner`: what only compiled code calls, and what makes no array. It becomes part of its callers
  (`linking`), and is optimised with them.
- `making`: the same for what makes arrays, or returns them.
- `primitive`: what is written in LLVM's instructions.
- `inlined`: pasted into its one caller before types are known.

Two habits of the loops: tuples of arrays are taken apart before them, since each mention counts
references; and what is computed or read to be an index is made unsigned, since of each signed one
Numba looks whether it counts from the end.

Numba keys its cache by the file of the compiled function alone, and does not see that a function
which that one calls has changed. Code is therefore kept in a folder of the digest of all sources.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from numba import config, njit
from numba.extending import intrinsic

if config.DISABLE_JIT:  # type: ignore[attr-defined]
    # As plain Python the kernels are wrong, not slow alone: integers then overflow as NumPy's do.
    raise ImportError(
        "NUMBA_DISABLE_JIT=1 turns off the compiler that topojax.kernels need; unset it, or set it "
        "to 0",
        name="topojax.kernels",
    )

from .keeping import keep, source_digest
from .linking import EntryCompiler, LinkedCompiler, for_any_integer

__all__ = ["entry", "inlined", "inner", "making", "primitive", "source_digest"]

_compile: Callable[..., Any] = partial(njit, nogil=True)


def _part(**options: bool) -> Callable[[Callable[..., Any]], Any]:
    """Return a decorator of what only compiled code calls."""
    # Wrappers for others would let the first call wait longer.
    decorate = _compile(
        pipeline_class=LinkedCompiler, no_cpython_wrapper=True, no_cfunc_wrapper=True, **options
    )
    return lambda function: for_any_integer(decorate(function))


# Counting the references to arrays takes longer than what a short function does.
inner = _part(_nrt=False)
"""For what only compiled code calls, and what makes no array."""
making = _part(_nrt=True)
"""For what only compiled code calls, and what makes arrays."""
inlined = _compile(inline="always")
"""For what compiled code calls in one place."""


def primitive(function: Callable[..., Any]) -> Callable[..., Any]:
    """Let compiled code call what a function writes LLVM's instructions for; see numba's manual."""
    return intrinsic(function)


def entry(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile what Python calls, and keep it on disk where a folder for it can be written."""
    compiled = _compile(no_cfunc_wrapper=True, pipeline_class=EntryCompiler)(function)
    keep(compiled)
    return compiled
