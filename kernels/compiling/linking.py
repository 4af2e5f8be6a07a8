"""Functions that are linked into their callers, and are no programs of their own.

Numba optimises every function together with all that it calls, and makes machine code of both. A
function at the end of five calls is compiled six times, of which the last alone is ever run: the
entry point's. What follows leaves the others out, a quarter of the first call's time. It takes the
place of methods that numba keeps to itself, which are the same from 0.61 to 0.68; a numba without
them compiles in its own way.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import types
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler, CompileResult

from .frames import with_room

_HOOKS = ("_finalize_final_module", "_finalize_dynamic_globals", "_optimize_final_module")
_KNOWN = all(hasattr(JITCodeLibrary, hook) for hook in _HOOKS)


class _Generator:
    """The code generator, but for the environments of functions without machine code."""

    def __init__(self, generator: Any) -> None:
        self._generator = generator

    def __getattr__(self, name: str) -> Any:
        return getattr(self._generator, name)

    def set_env(self, name: str, environment: Any) -> None:
        """Leave the environment to entry points."""


class _LinkedLibrary(JITCodeLibrary):
    """Code that is linked into other code, which is optimised as a whole, and never run itself."""

    @property
    def codegen(self) -> Any:
        """The generator that made it."""
        return _Generator(self._codegen)

    def get_pointer_to_function(self, name: str) -> int:
        """Return 0: there is no machine code."""
        self._ensure_finalized()
        return 0

    def _finalize_final_module(self) -> None:
        self._finalize_dynamic_globals()
        self._finalized = True

    def _optimize_final_module(self) -> None:
        pass


class LinkedCompiler(Compiler):
    """Compiles functions to code that is linked into their callers, and optimised there."""

    def compile_extra(self, function: Callable[..., Any]) -> CompileResult:
        """Compile a function for the types of its arguments."""
        if _KNOWN:
            generator = self.state.targetctx.codegen()
            self.state.library = _LinkedLibrary(generator, function.__qualname__)
        return super().compile_extra(function)


class EntryCompiler(Compiler):
    """Compiles functions to machine code."""

    def compile_extra(self, function: Callable[..., Any]) -> CompileResult:
        """Compile a function for the types of its arguments."""
        result = with_room(super().compile_extra, function)
        # Of the functions that were linked; numba does the same with code that it has kept.
        if _KNOWN:
            for environment in result._find_referenced_environments():
                result.library.codegen.set_env(environment.env_name, environment)
        return result


def for_any_integer(compiled: Any) -> Any:
    """Let a function be compiled once for an integer, and not once more for each constant.

    What a constant makes simpler LLVM finds out when the function is linked.
    """
    compile_for = compiled.compile

    def compile_for_any(arguments: Any) -> Any:
        if isinstance(arguments, tuple):
            arguments = tuple(map(types.unliteral, arguments))
        return compile_for(arguments)

    compiled.compile = compile_for_any
    return compiled
