"""Convolution along one axis with fewer products (Winograd 1980; Lavin and Gray 2016).

Four neighbouring outputs of a 3-tap filter are values of a product of polynomials, and a polynomial
of degree 5 is known by its values at 5 points and its leading coefficient: 6 products instead of 12
(Toom and Cook). Here a product is a whole convolution over the other axes and all channels; what is
added for it, sums of planes by constants, costs little beside (`benchmarks/backbones.py`). Rounding
is a few times that of the plain sum, still below 1e-5 of the outputs' spread in float32.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache, reduce
from operator import add

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

TAPS = 3
# Rounding is 0.7 of what it is with 1 and 2, and these too are exact in binary.
_POINTS = (0.0, 0.75, -0.75, 1.5, -1.5)
_OUTPUTS = len(_POINTS) + 2 - TAPS
Row = np.ndarray


def filter_first_axis(
    x: Float[Array, "b n *rest c_in"],
    kernel: Float[Array, "3 *window c_in c_out"],
    across: Callable[[Array, Array], Array],
) -> Float[Array, "b n *rest c_out"]:
    """Convolve x, a zero on either side along the first spatial axis, with stride 1.

    Args:
        x: images.
        kernel: 3 taps along the first spatial axis.
        across: convolves the planes or rows of (b, m, *rest, c_in) with one (*window, c_in, c_out).
    """
    to_inputs, to_kernels, to_outputs = transforms(_POINTS, _OUTPUTS)
    batch, size, *rest = x.shape
    groups = -(-size // _OUTPUTS)
    behind = _OUTPUTS * (groups + 1) - size - 1
    padded = jnp.pad(x, ((0, 0), (1, behind), *((0, 0) for _ in rest)))
    cut = padded.reshape(batch, groups + 1, _OUTPUTS, *rest)
    # A group of outputs meets its own planes and the first two of the next group.
    planes = [cut[:, :-1, i] for i in range(_OUTPUTS)] + [cut[:, 1:, i] for i in range(TAPS - 1)]
    products = [
        across(_combined(inputs, planes), _combined(kernels, kernel))
        for inputs, kernels in zip(to_inputs, to_kernels, strict=True)
    ]
    y = jnp.stack([_combined(outputs, products) for outputs in to_outputs], axis=2)
    return y.reshape(batch, groups * _OUTPUTS, *y.shape[3:])[:, :size]


@lru_cache
def transforms(points: tuple[float, ...], outputs: int) -> tuple[Row, Row, Row]:
    """Return what makes of planes the inputs, of taps the kernels, of products the outputs.

    The matrices B^T, G and A^T of Lavin and Gray, from the values at the points and, last, the
    leading coefficient.
    """
    a = np.array(points)
    n = len(a) + 1
    to_inputs, to_kernels = np.zeros((n, n)), np.zeros((n, TAPS))
    to_outputs = np.zeros((outputs, n))
    for i, point in enumerate(a):
        others = np.delete(a, i)
        to_inputs[i, :-1] = np.poly(others)[::-1]
        to_kernels[i] = point ** np.arange(TAPS) / np.prod(point - others)
        to_outputs[:, i] = point ** np.arange(outputs)
    to_inputs[-1] = np.poly(a)[::-1]
    to_kernels[-1, -1] = to_outputs[-1, -1] = 1
    return to_inputs, to_kernels, to_outputs


def _combined(row: Row, parts: Sequence[Array] | Array) -> Array:
    terms = [
        part if factor == 1 else part * np.asarray(factor, part.dtype)
        for factor, part in zip(row, parts, strict=True)
        if factor != 0
    ]
    return reduce(add, terms)
