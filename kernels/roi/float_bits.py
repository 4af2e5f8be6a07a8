"""Floats and their bits, without views of arrays, which take long to compile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types

from ..compiling import primitive
from ..lanes import INT, WORD, Arrays

_FLOAT = ir.FloatType()
_BYTES = 4


@primitive
def bits_of(context: Any, value: Any) -> tuple[Any, Callable[..., Any]]:
    """Return the bits of a float32 as int32: the order of floats, for those not negative."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, given: Any) -> ir.Value:
        return builder.bitcast(given[0], INT)

    return types.int32(types.float32), generate


@primitive
def float_of(context: Any, bits: Any) -> tuple[Any, Callable[..., Any]]:
    """Return the float32 of bits, int32."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, given: Any) -> ir.Value:
        return builder.bitcast(given[0], _FLOAT)

    return types.float32(types.int32), generate


@primitive
def float_at(context: Any, octets: Any, at: Any) -> tuple[Any, Callable[..., Any]]:
    """Return the float32 number `at` of those whose bytes, uint8, are given."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, given: Any) -> ir.Value:
        octets, at = given
        first = builder.mul(at, ir.Constant(WORD, _BYTES))
        lanes = Arrays(context, builder, _BYTES).load_lanes(signature.args[0], octets, first)
        return builder.bitcast(lanes, _FLOAT)

    return types.float32(octets, types.int64), generate
