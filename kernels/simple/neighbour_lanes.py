"""64 voxels against their neighbours: comparisons to bits, and bits to bytes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types

from ..compiling import primitive
from ..lanes import BIT, BYTE, WORD, Arrays
from .neighbourhood import CENTRE, IN_PLANE, IN_SPACE

LANES = 64
NONE = 27
"""Code of a voxel that has no first neighbour, and of the border."""
_BITS = ir.VectorType(BIT, LANES)


def _slice_at(builder: ir.IRBuilder, number: int, run: ir.Value, word: ir.Value) -> ir.Value:
    return builder.add(builder.mul(run, ir.Constant(WORD, number)), word)


def _comparing(order: tuple[int, ...]) -> Callable[..., None]:
    """Return a comparison with the neighbours of `order`, of which the first there are is noted."""

    @primitive
    def compare(
        context: Any,
        levels: Any,
        at: Any,
        offsets: Any,
        flip: Any,
        slices: Any,
        word: Any,
        run: Any,
        codes: Any,
    ) -> tuple[Any, Callable[..., Any]]:
        index = types.int64
        signature = types.void(levels, index, offsets, types.uint64, slices, index, index, codes)

        def generate(context: Any, builder: ir.IRBuilder, signature: Any, given: Any) -> ir.Value:
            levels_, _, offsets_, _, slices_, _, _, codes_ = signature.args
            levels, at, offsets, flip, slices, word, run, codes = given
            arrays = Arrays(context, builder, LANES)
            own = arrays.load_lanes(levels_, levels, at)
            border = builder.icmp_unsigned("==", own, arrays.all(-1, own.type.element))
            other_side = builder.bitcast(flip, _BITS)
            code = arrays.all(NONE, BYTE)
            # From the last choice to the first one, which stays.
            for neighbour in reversed(order):
                offset = arrays.load(offsets_, offsets, ir.Constant(WORD, neighbour))
                other = arrays.load_lanes(levels_, levels, builder.add(at, offset))
                relation = "<=" if neighbour < CENTRE else "<"
                earlier = builder.icmp_unsigned(relation, other, own)
                there = builder.xor(earlier, other_side)
                code = builder.select(there, arrays.all(neighbour, BYTE), code)
                place = _slice_at(builder, neighbour, run, word)
                arrays.store(builder.bitcast(there, WORD), slices_, slices, place)
            code = builder.select(border, arrays.all(NONE, BYTE), code)
            arrays.store_lanes(code, codes_, codes, at)
            place = _slice_at(builder, NONE, run, word)
            arrays.store(builder.bitcast(border, WORD), slices_, slices, place)
            return context.get_dummy_value()

        return signature, generate

    return compare


compare_in_space = _comparing(IN_SPACE)
"""Compare 64 voxels with their 26 neighbours in the total order (level, position).

Arguments: `levels`, unsigned; the position `at` of the first of 64 voxels in it; `offsets`, int64
(27,), of `neighbour_offsets`; `flip`, uint64, 0 to look for earlier neighbours or all ones for
later ones; `slices`, uint64, written: word `word` of slice k, of `run` words each, has the bits of
neighbour k, and slice 27 the border's, all of whose levels' bits are set; `codes`, uint8, written
at `at`: the first neighbour in the order of `choices`, or `NONE`.
"""
compare_in_plane = _comparing(IN_PLANE)
"""The same of 64 pixels and their 8 neighbours."""


def _spreading(count: int) -> Callable[..., None]:
    @primitive
    def spread(
        context: Any, slices: Any, first: Any, run: Any, spread_bytes: Any, at: Any
    ) -> tuple[Any, Callable[..., Any]]:
        signature = types.void(slices, types.int64, types.int64, spread_bytes, types.int64)

        def generate(context: Any, builder: ir.IRBuilder, signature: Any, given: Any) -> ir.Value:
            slices_, _, _, bytes_, _ = signature.args
            slices, first, run, spread_bytes, at = given
            arrays = Arrays(context, builder, LANES)
            total = arrays.all(0, BYTE)
            for k in range(count):
                word = arrays.load(slices_, slices, _slice_at(builder, k, run, first))
                with_bit = builder.or_(total, arrays.all(1 << k, BYTE))
                total = builder.select(builder.bitcast(word, _BITS), with_bit, total)
            arrays.store_lanes(total, bytes_, spread_bytes, at)
            return context.get_dummy_value()

        return signature, generate

    return spread


spread_eight = _spreading(8)
"""Turn 8 slices of bits into a byte for each of 64 voxels.

Arguments: `slices`, uint64; the index `first` of a word of the first slice; `run`, the words of a
slice; `bytes`, uint8, written at `at`: bit k is of slice k.
"""
spread_six = _spreading(6)
"""The same of 6 slices."""
