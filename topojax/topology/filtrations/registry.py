"""Filtrations by name, ours and users' own (METHOD.md, "Filtrations").

A name is that of a kind, its parameters behind a colon, and a minus sign in front where the
superlevel sets are meant: `-log:1`, `height:0,0,1`.
"""

from __future__ import annotations

import difflib
import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from topojax.errors import ConfigError, DataError, shown
from topojax.topology.filtrations.banks import BANKS

BatchFunction: TypeAlias = Callable[[np.ndarray, Callable[[], np.ndarray]], np.ndarray]
"""From images, float32 (m, *spatial), and what gives their Otsu thresholds, float32 (m,), to values
of the images' shape. Thresholds are asked for where they are needed, and computed once a bank."""

Bind: TypeAlias = Callable[[tuple[float, ...], int], BatchFunction]
"""From parameters and the number of spatial axes to the function; raises ValueError with what was
expected instead."""

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_KIND = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")


@dataclass(frozen=True)
class Kind:
    """What stands before the colon.

    Attributes:
        name: such as `gaussian`.
        usage: how it is written with its parameters, such as `gaussian:s`.
        bind: see `Bind`.
        finite: no value is +inf.
    """

    name: str
    usage: str
    bind: Bind
    finite: bool


@dataclass(frozen=True)
class Filtration:
    """A filtration that was asked for, its parameters read and checked.

    Attributes:
        name: as it was asked for, sign included.
        function: see `BatchFunction`; without the sign.
        spatial_dims: of the images that it is for, 2 or 3.
        finite: no value is +inf; else voxels may be absent from all sublevel sets.
        is_superlevel: values are negated, so that the highest enter first; +inf stays.
        unsigned: kind and parameters, the same for names that differ in the sign or in how a
            number is written.

    Example:
        >>> found = find_filtration("-height:1,0", 2)
        >>> found.name, found.is_superlevel, found.finite, found.unsigned
        ('-height:1,0', True, False, ('height', (1.0, 0.0)))
    """

    name: str
    function: BatchFunction
    spatial_dims: int
    finite: bool
    is_superlevel: bool
    unsigned: tuple[str, tuple[float, ...]]


_KINDS: dict[str, Kind] = {}


def register_kind(kind: Kind) -> None:
    """Add a kind of filtrations.

    Raises:
        ConfigError: the name is taken, or is no name.
    """
    if not isinstance(kind.name, str) or not _KIND.fullmatch(kind.name):
        raise ConfigError(
            f"name={kind.name!r} of a filtration; expected letters, digits, _ and ., a letter "
            "first: a colon and a minus sign have a meaning in front of it and behind"
        )
    if kind.name in _KINDS or (kind.name in BANKS and kind.name not in BANKS[kind.name](2)):
        raise ConfigError(f"filtration {kind.name!r} exists already; choose another name")
    _KINDS[kind.name] = kind


def register_filtration(
    name: str, function: Callable[..., np.ndarray], *, finite: bool = True
) -> None:
    """Make a filtration of one's own known by name, wherever filtrations are named.

    Args:
        name: letters, digits, `_` and `.`.
        function: `function(image, *parameters)`: from an image, float32 (*spatial), read-only, and
            the numbers behind the colon to values of the image's shape, which enter from below. It
            is called from several threads at once. NaN, -inf and another shape are refused.
        finite: no value is +inf. False: voxels of +inf never enter.

    Raises:
        ConfigError: the name is taken, or is no name.

    Example:
        >>> from topojax.topology import filtered
        >>> register_filtration("power", lambda image, exponent: image**exponent)
        >>> filtered(np.array([[[1.0, 3.0]]], np.float32), "-power:2").tolist()
        [[[-1.0, -9.0]]]
    """

    def bind(parameters: tuple[float, ...], spatial_dims: int) -> BatchFunction:
        _check_signature(function, parameters)
        return lambda images, otsu: _one_by_one(name, function, images, parameters)

    register_kind(Kind(name, f"{name}[:parameters]", bind, finite))


def find_filtration(name: str, spatial_dims: int) -> Filtration:
    """Return the filtration of a name, for images of 2 or 3 spatial axes.

    Raises:
        ConfigError: the name is unknown, or its parameters are not those of its kind.

    Example:
        >>> find_filtration("gaussian:2", 3).unsigned
        ('gaussian', (2.0,))
    """
    if not isinstance(name, str):
        raise ConfigError(f"filtration {name!r}; expected a name, such as 'log:1'")
    negated = name.startswith("-")
    head, colon, tail = name.removeprefix("-").partition(":")
    if head not in _KINDS:
        raise ConfigError(_unknown(name, head))
    kind = _KINDS[head]
    texts = tail.split(",") if colon else []
    wrong = [text for text in texts if not _NUMBER.fullmatch(text)]
    parameters = tuple(float(text) for text in texts) if not wrong else ()
    try:
        if wrong or not np.isfinite(parameters).all():
            raise ValueError("finite numbers behind the colon, separated by commas")
        function = kind.bind(parameters, spatial_dims)
    except ValueError as error:
        raise ConfigError(
            f"filtration {shown(name)!r} for {spatial_dims}-D images; expected {error}; write it "
            f"as {kind.usage}"
        ) from None
    unsigned = (head, parameters)
    return Filtration(name, function, spatial_dims, kind.finite, negated, unsigned)


def known_filtrations() -> tuple[str, ...]:
    """Return how all kinds are written, in the order in which they were registered."""
    return tuple(kind.usage for kind in _KINDS.values())


def _unknown(name: str, head: str) -> str:
    known = known_filtrations()
    # Among short ones: comparing takes time with the square of their length.
    usages = {kind.name: kind.usage for kind in _KINDS.values()} | {bank: bank for bank in BANKS}
    close = difflib.get_close_matches(head[:80], list(usages), n=1)
    hint = f"did you mean {usages[close[0]]}? " if close else ""
    return (
        f"filtration {shown(name)!r} is unknown; {hint}choose of {', '.join(known)}, with a minus "
        f"sign in front for superlevel sets; or, in a list, of the banks {', '.join(BANKS)}"
    )


def _check_signature(function: Callable[..., np.ndarray], parameters: tuple[float, ...]) -> None:
    try:
        signature = inspect.signature(function)
    except ValueError:  # some functions written in C say nothing
        return
    try:
        signature.bind(None, *parameters)
    except TypeError as error:
        raise ValueError(
            f"the parameters of its function{signature}, image first ({error})"
        ) from None


def _one_by_one(
    name: str,
    function: Callable[..., np.ndarray],
    images: np.ndarray,
    parameters: tuple[float, ...],
) -> np.ndarray:
    values = np.empty(images.shape, np.float32)
    for image, place in zip(images, values, strict=True):
        seen = image.view()
        seen.flags.writeable = False
        found = np.asarray(function(seen, *parameters))
        if found.shape != image.shape or found.dtype.kind not in "buif":
            raise DataError(
                f"filtration {name!r} returned shape {found.shape}, dtype {found.dtype}; expected "
                f"real numbers of the image's shape {image.shape}"
            )
        # What is beyond float32 turns infinite, which is judged with all other values.
        with np.errstate(over="ignore"):
            place[...] = found
    return values
