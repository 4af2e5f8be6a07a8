"""Which neighbours at a corner are there: the 8 voxels around it, compared at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types

from ..compiling import primitive
from ..lanes import BYTE, INT, WORD, Arrays

_CUBE = 8


@primitive
def earlier_around(
    context: Any, levels: Any, voxel: Any, base: Any, row: Any, plane: Any, ties: Any
) -> tuple[Any, Callable[..., Any]]:
    """Return which of the 8 voxels around a corner enter before one of them, a bit each; uint64.

    Bit 4 z + 2 y + x stands for the one at (z, y, x). In a plane, where `plane` is 0, the upper
    four bits are copies.

    Arguments: `levels`, unsigned; the position of the `voxel`; the position `base` of the first
    of the 8; the distances of rows and planes; `ties`, uint64, the bits of those that are earlier
    at the same level.
    """
    index = types.int64
    signature = types.uint64(levels, index, index, index, index, types.uint64)

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, given: Any) -> ir.Value:
        kind = signature.args[0]
        levels, voxel, base, row, plane, ties = given
        pairs = Arrays(context, builder, 2)
        above = builder.add(base, plane)
        rows = [base, builder.add(base, row), above, builder.add(above, row)]
        first, second, third, fourth = (pairs.load_lanes(kind, levels, at) for at in rows)
        cube = _joined(builder, _joined(builder, first, second), _joined(builder, third, fourth))
        lanes = Arrays(context, builder, _CUBE)
        own = lanes.spread(lanes.load(kind, levels, voxel))
        less = builder.bitcast(builder.icmp_unsigned("<", cube, own), BYTE)
        most = builder.bitcast(builder.icmp_unsigned("<=", cube, own), BYTE)
        tied = builder.and_(most, builder.trunc(ties, BYTE))
        return builder.zext(builder.or_(less, tied), WORD)

    return signature, generate


def _joined(builder: ir.IRBuilder, first: ir.Value, second: ir.Value) -> ir.Value:
    count = 2 * first.type.count
    places = ir.Constant(ir.VectorType(INT, count), list(range(count)))
    return builder.shuffle_vector(first, second, places)
