"""Vectors of LLVM inside compiled functions, one voxel a lane.

NumPy's types know no vectors, and LLVM does not turn a loop over bits into the one instruction that
compares 64 bytes. Where that matters LLVM's own vectors are written, of a fixed number of lanes; it
maps them to the registers that a processor has: 64 bytes are one with AVX-512, two with AVX2, four
with SSE or NEON. Bit i of a comparison is lane i on processors that are little-endian.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir

WORD = ir.IntType(64)
INT = ir.IntType(32)
BYTE = ir.IntType(8)
BIT = ir.IntType(1)


class Arrays:
    """Reads and writes of typed arrays at flat positions, one element or a vector of lanes.

    Positions are not checked: whoever calls has to have room for all lanes.
    """

    def __init__(self, context: Any, builder: ir.IRBuilder, lanes: int) -> None:
        self.context, self.builder, self.count = context, builder, lanes

    def _address(self, kind: Any, array: ir.Value, at: ir.Value) -> ir.Value:
        data = self.context.make_array(kind)(self.context, self.builder, array).data
        return self.builder.gep(data, [at])

    def _lanes(self, kind: Any, array: ir.Value, at: ir.Value) -> ir.Value:
        vector = ir.VectorType(self.context.get_data_type(kind.dtype), self.count)
        return self.builder.bitcast(self._address(kind, array, at), vector.as_pointer())

    def _size(self, kind: Any) -> int:
        return self.context.get_abi_sizeof(self.context.get_data_type(kind.dtype))

    def load(self, kind: Any, array: ir.Value, at: ir.Value) -> ir.Value:
        """Return an element."""
        return self.builder.load(self._address(kind, array, at))

    def store(self, value: ir.Value, kind: Any, array: ir.Value, at: ir.Value) -> None:
        """Write an element."""
        self.builder.store(value, self._address(kind, array, at))

    def load_lanes(self, kind: Any, array: ir.Value, at: ir.Value) -> ir.Value:
        """Return elements from `at` on."""
        return self.builder.load(self._lanes(kind, array, at), align=self._size(kind))

    def store_lanes(self, value: ir.Value, kind: Any, array: ir.Value, at: ir.Value) -> None:
        """Write elements from `at` on."""
        self.builder.store(value, self._lanes(kind, array, at), align=self._size(kind))

    def all(self, value: float, element: ir.Type) -> ir.Constant:
        """Return a vector of one constant."""
        return ir.Constant(ir.VectorType(element, self.count), [value] * self.count)

    def spread(self, value: ir.Value) -> ir.Value:
        """Return a vector of one value."""
        vector = ir.VectorType(value.type, self.count)
        first = self.builder.insert_element(
            ir.Constant(vector, ir.Undefined), value, ir.Constant(INT, 0)
        )
        nowhere = ir.Constant(ir.VectorType(INT, self.count), [0] * self.count)
        return self.builder.shuffle_vector(first, ir.Constant(vector, ir.Undefined), nowhere)
