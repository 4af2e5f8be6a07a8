"""The range of values in a region, 32 voxels at a time, by vectors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types

from ..compiling import primitive
from ..lanes import WORD, Arrays
from ..padded.value_lanes import VECTOR, lanes_inside


@primitive
def widen_range(
    context: Any, values: Any, inside: Any, start: Any, ends: Any
) -> tuple[Any, Callable[..., Any]]:
    """Lower the least and raise the largest values of every lane to those of a region.

    LLVM does not find the least of floats in vector registers by itself.

    Arguments: `values`, float32 or float64, and `inside`, bool, from index `start` on, where a
    value outside counts as 0; `ends`, of the dtype of `values`, the least of all lanes and then
    the largest; written.
    """
    signature = types.void(values, inside, types.int64, ends)

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, given: Any) -> ir.Value:
        values_, inside_, _, ends_ = signature.args
        values, inside, start, ends = given
        arrays = Arrays(context, builder, VECTOR)
        there = lanes_inside(arrays, inside_, inside, start)
        value = arrays.load_lanes(values_, values, start)
        value = builder.select(there, value, arrays.all(0.0, value.type.element))
        for relation, first in (("<", 0), (">", VECTOR)):
            at = ir.Constant(WORD, first)
            end = arrays.load_lanes(ends_, ends, at)
            beyond = builder.fcmp_ordered(relation, value, end)
            arrays.store_lanes(builder.select(beyond, value, end), ends_, ends, at)
        return context.get_dummy_value()

    return signature, generate
