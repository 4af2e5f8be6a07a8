"""Bits of a machine word, by the instructions that processors have for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types

from .compiling import inner, primitive

ONE = np.uint64(1)
_BITS = np.uint64(6)


@primitive
def count_bits(context: Any, word: Any) -> tuple[Any, Callable[..., Any]]:
    """Count the set bits of a word, uint64; int64."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
        return builder.ctpop(arguments[0])

    return types.int64(types.uint64), generate


@primitive
def lowest_place(context: Any, word: Any) -> tuple[Any, Callable[..., Any]]:
    """Return the place of the lowest set bit of a word, uint64 and not 0; int64."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.uint64), generate


@inner
def lowest_position(word: int, bits: int) -> np.uint64:
    """Return the position of the lowest bit that is set, of those of one word of an array of bits.

    Unsigned, since Numba looks of every signed index whether it counts from the end.
    """
    return (np.uint64(word) << _BITS) + np.uint64(lowest_place(bits))


@inner
def lowest_bit(word: int) -> int:
    """Return the lowest set bit of a word alone; 0 for 0."""
    return word & -word
