"""Levels of 32 values, by vectors: steps of an even grid, or all thresholds; and masks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils

from ..compiling import primitive
from ..lanes import INT, Arrays

VECTOR = 32
"""Values whose levels are told at a time."""


@primitive
def count_steps(
    context: Any,
    values: Any,
    start: Any,
    lowest: Any,
    highest: Any,
    per_unit: Any,
    error: Any,
    last: Any,
    levels: Any,
    at: Any,
) -> tuple[Any, Callable[..., Any]]:
    """Write levels by steps of an even grid; return whether some value is too near to one.

    `Scale` in `quantiser` says when the steps can be trusted.

    Arguments: `values`, float32 or float64, from index `start` on; the `lowest` and `highest`
    threshold, steps `per_unit`, their `error` and the number of the `last` threshold, all of the
    values' dtype; `levels`, unsigned, written from `at` on.
    """
    number, index = values.dtype, types.int64
    scalars = (number,) * 5
    signature = types.boolean(values, index, *scalars, levels, index)

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, given: Any) -> ir.Value:
        values_, levels_ = signature.args[0], signature.args[-2]
        values, start, *scalars, levels, at = given
        arrays = Arrays(context, builder, VECTOR)
        lowest, highest, per_unit, error, last = map(arrays.spread, scalars)
        value = arrays.load_lanes(values_, values, start)
        zero, one = (arrays.all(k, lowest.type.element) for k in (0.0, 1.0))
        ints = ir.VectorType(INT, VECTOR)

        above = builder.fcmp_ordered(">", value, lowest)
        below = builder.fcmp_ordered("<=", value, highest)
        steps = builder.fmul(builder.fsub(value, lowest), per_unit)
        # Infinite values and those outside the grid, of which the result takes no notice.
        steps = builder.select(builder.and_(above, below), steps, zero)
        steps = builder.select(builder.fcmp_ordered("<", steps, last), steps, last)
        whole = builder.fptosi(steps, ints)
        part = builder.fsub(steps, builder.sitofp(whole, steps.type))
        near = builder.or_(
            builder.fcmp_ordered("<=", part, error),
            builder.fcmp_ordered(">=", part, builder.fsub(one, error)),
        )
        doubt = builder.and_(builder.and_(above, below), near)

        level = builder.add(whole, arrays.all(1, INT))
        level = builder.select(above, level, arrays.all(0, INT))
        absent = builder.add(builder.fptosi(last, ints), arrays.all(1, INT))
        level = builder.select(below, level, absent)
        arrays.store_lanes(_resized(context, builder, level, levels_), levels_, levels, at)
        some = builder.bitcast(doubt, ir.IntType(VECTOR))
        return builder.icmp_unsigned("!=", some, ir.Constant(some.type, 0))

    return signature, generate


@primitive
def count_below(
    context: Any, values: Any, start: Any, floors: Any, levels: Any, at: Any
) -> tuple[Any, Callable[..., Any]]:
    """Write levels by comparing with every threshold.

    Arguments: `values`, float32 or float64, from index `start` on; `floors`, of their dtype, as
    many as a level can count; `levels`, unsigned, written from `at` on.
    """
    signature = types.void(values, types.int64, floors, levels, types.int64)

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, given: Any) -> ir.Value:
        values_, _, floors_, levels_, _ = signature.args
        values, start, floors, levels, at = given
        arrays = Arrays(context, builder, VECTOR)
        value = arrays.load_lanes(values_, values, start)
        count = context.make_array(floors_)(context, builder, floors).nitems
        bytes_ = ir.VectorType(context.get_value_type(levels_.dtype), VECTOR)
        level = cgutils.alloca_once_value(builder, ir.Constant(bytes_, [0] * VECTOR))
        with cgutils.for_range(builder, count) as loop:
            floor = arrays.spread(arrays.load(floors_, floors, loop.index))
            below = builder.zext(builder.fcmp_ordered("<", floor, value), bytes_)
            builder.store(builder.add(builder.load(level), below), level)
        arrays.store_lanes(builder.load(level), levels_, levels, at)
        return context.get_dummy_value()

    return signature, generate


@primitive
def keep_inside(
    context: Any, own: Any, first: Any, inside: Any, start: Any, other: Any, levels: Any, at: Any
) -> tuple[Any, Callable[..., Any]]:
    """Write the levels of voxels inside a mask, and another one for those outside.

    Arguments: `own`, unsigned, from index `first` on; `inside`, bool, from index `start` on; the
    `other` level; `levels`, of the dtype of `own`, written from `at` on.
    """
    index = types.int64
    signature = types.void(own, index, inside, index, own.dtype, levels, index)

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, given: Any) -> ir.Value:
        own_, _, inside_, _, _, levels_, _ = signature.args
        own, first, inside, start, other, levels, at = given
        arrays = Arrays(context, builder, VECTOR)
        there = lanes_inside(arrays, inside_, inside, start)
        level = arrays.load_lanes(own_, own, first)
        level = builder.select(there, level, arrays.spread(other))
        arrays.store_lanes(level, levels_, levels, at)
        return context.get_dummy_value()

    return signature, generate


def lanes_inside(arrays: Arrays, kind: Any, inside: ir.Value, start: ir.Value) -> ir.Value:
    """Return which lanes of a mask, an array of bool from index `start` on, are set."""
    mask = arrays.load_lanes(kind, inside, start)
    return arrays.builder.icmp_unsigned("!=", mask, arrays.all(0, mask.type.element))


def _resized(context: Any, builder: ir.IRBuilder, level: ir.Value, kind: Any) -> ir.Value:
    """Return levels, at least 0, as integers of an array's dtype."""
    element = context.get_value_type(kind.dtype)
    target = ir.VectorType(element, VECTOR)
    if element.width < INT.width:
        return builder.trunc(level, target)
    return builder.zext(level, target) if element.width > INT.width else level
