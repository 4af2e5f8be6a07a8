"""What a benchmark cannot do without."""

from __future__ import annotations

from importlib.util import find_spec

from topojax.errors import BenchError


def require_module(module: str, extra: str, what: str, otherwise: str = "") -> None:
    """Return if a library of an extra is installed.

    Args:
        module: its name.
        extra: of topojax, that brings it.
        what: needs it.
        otherwise: what can be done without it.

    Raises:
        BenchError: it is not installed.
    """
    if find_spec(module) is None:
        remedy = " ".join(filter(None, (f"pip install 'topojax[{extra}]'", otherwise)))
        raise BenchError(f"{what} needs {module}, which is not installed; {remedy}")
