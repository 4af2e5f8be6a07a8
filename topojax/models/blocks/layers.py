"""The layers that the networks are built of, channels-last.

Parameters are zero until `topojax.models.blocks.initialise` draws them by their laws, or a weight
file fills them: drawing them one by one costs seconds of compilation.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import lax
from jaxtyping import Array, Float

from topojax.models.blocks.convolution import convolve
from topojax.models.blocks.laws import Constant, Law, fan_in_uniform, fan_out_normal

relu = jax.nn.relu


def parameter(shape: tuple[int, ...], law: Law) -> nnx.Param:
    """Return a parameter that starts by the law."""
    return nnx.Param(jnp.zeros(shape, jnp.float32), law=law)


class Conv(nnx.Module):
    """Convolution, zero-padded by k // 2 on both sides unless told otherwise.

    Args:
        window, strides: one entry a spatial axis.
        padding: zeros on either side of each axis; None: k // 2.
        groups: channels are convolved in so many groups that do not mix.
        bias: whether there is one.
        law: of the kernel; None: normal of variance 2 / fan_out. A bias starts at 0 if that is so,
            else as the kernel.
    """

    def __init__(
        self,
        c_in: int,
        c_out: int,
        *,
        window: tuple[int, ...],
        strides: tuple[int, ...],
        padding: tuple[int, ...] | None = None,
        groups: int = 1,
        bias: bool = False,
        law: Law | None = None,
    ) -> None:
        self.strides = strides
        self.padding = tuple(n // 2 for n in window) if padding is None else padding
        self.groups = groups
        self.kernel = parameter(
            (*window, c_in // groups, c_out), law or fan_out_normal(window, c_out, groups)
        )
        self.bias = parameter((c_out,), law or Constant(0.0)) if bias else None

    def __call__(self, x: Float[Array, "b *spatial c"]) -> Float[Array, "b *outputs c_out"]:
        kernel = self.kernel[...].astype(x.dtype)
        y = convolve(x, kernel, self.strides, self.padding, self.groups)
        return y if self.bias is None else y + self.bias[...].astype(x.dtype)


class Linear(nnx.Module):
    """x W + b on the last axis; starts as torch's `Linear` unless other laws are given."""

    def __init__(
        self,
        n_in: int,
        n_out: int,
        *,
        bias: bool = True,
        law: Law | None = None,
        bias_law: Law | None = None,
    ) -> None:
        self.kernel = parameter((n_in, n_out), law or fan_in_uniform(n_in))
        self.bias = parameter((n_out,), bias_law or fan_in_uniform(n_in)) if bias else None

    def __call__(self, x: Float[Array, "... n_in"]) -> Float[Array, "... n_out"]:
        y = x @ self.kernel[...].astype(x.dtype)
        return y if self.bias is None else y + self.bias[...].astype(x.dtype)


class BatchNorm(nnx.BatchNorm):
    """Batch normalisation with torch's momentum 0.1; float32 inside, the input's dtype outside.

    `rebasing` makes a call take over the input's statistics without a change of its output; see
    `topojax.models.rebase`.
    """

    def __init__(self, channels: int, *, epsilon: float = 1e-5, momentum: float = 0.1) -> None:
        # torch's momentum weighs the new batch, flax's the old statistics.
        super().__init__(channels, momentum=1 - momentum, epsilon=epsilon, rngs=nnx.Rngs(0))
        self.rebasing = False

    def __call__(self, x: Array, *args: Any, **options: Any) -> Array:
        y = super().__call__(x, *args, **options).astype(x.dtype)
        if self.rebasing:
            self._rebase(x.astype(jnp.float32))
        return y

    def _rebase(self, x: Float[Array, "b *spatial c"]) -> None:
        assert self.scale is not None
        assert self.bias is not None
        axes = tuple(range(x.ndim - 1))
        mean, var = x.mean(axes), x.var(axes)
        slope = self.scale[...] * jax.lax.rsqrt(self.var[...] + self.epsilon)
        self.bias[...] += slope * (mean - self.mean[...])
        self.scale[...] = slope * jnp.sqrt(var + self.epsilon)
        self.mean[...], self.var[...] = mean, var


class LayerNorm(nnx.LayerNorm):
    """Layer normalisation over channels; float32 inside, the input's dtype outside."""

    def __init__(self, channels: int, *, epsilon: float = 1e-5) -> None:
        # The fast variance loses digits where the mean is far from 0.
        super().__init__(channels, epsilon=epsilon, use_fast_variance=False, rngs=nnx.Rngs(0))

    def __call__(self, x: Array, *args: Any, **options: Any) -> Array:
        return super().__call__(x, *args, **options).astype(x.dtype)


def instance_norm(x: Float[Array, "b *spatial c"]) -> Float[Array, "b *spatial c"]:
    """Bring every channel of every image to mean 0 and variance 1 over space, without parameters.

    torch's `InstanceNorm` by default; float32 inside, the input's dtype outside.
    """
    axes, values = tuple(range(1, x.ndim - 1)), x.astype(jnp.float32)
    centred = values - values.mean(axes, keepdims=True)
    variance = (centred**2).mean(axes, keepdims=True)
    return (centred * lax.rsqrt(variance + 1e-5)).astype(x.dtype)


class PReLU(nnx.Module):
    """x where it is positive, else x times a slope that is learnt (He et al. 2015)."""

    def __init__(self) -> None:
        self.slope = parameter((1,), Constant(0.25))

    def __call__(self, x: Float[Array, "b *spatial c"]) -> Float[Array, "b *spatial c"]:
        return jnp.where(x >= 0, x, self.slope[...].astype(x.dtype) * x)


class Noise(nnx.BatchStat):
    """State of the random generator that a layer draws from in training; goes on with every draw.

    A kind of statistic, so that all that changes in a training step beside the weights travels,
    is saved and resumes together.
    """


class Dropout(nnx.Module):
    """Dropout in training, the identity in evaluation mode.

    Args:
        rate: what share is set to 0.
        per_image: whole images are dropped rather than single values: stochastic depth on a
            residual branch (Huang et al. 2016), torchvision's mode "row".
    """

    def __init__(self, rate: float, *, per_image: bool = False) -> None:
        self.rate = rate
        self.per_image = per_image
        self.deterministic = False
        self.noise = Noise(jnp.zeros(4, jnp.uint32))

    def __call__(self, x: Float[Array, " b *rest"]) -> Float[Array, " b *rest"]:
        if self.deterministic or self.rate == 0.0:
            return x
        shape = (len(x), *(1,) * (x.ndim - 1)) if self.per_image else x.shape
        # XLA's own generator: `jax.random` compiles for 2 s a layer on a CPU, and there are dozens.
        self.noise[...], bits = lax.rng_bit_generator(self.noise[...], shape)
        keep = bits < np.uint32((1 - self.rate) * 2**32)
        return jnp.where(keep, x / (1 - self.rate), 0).astype(x.dtype)


class Sequence(nnx.Module):
    """Modules and functions one after the other, under torch's names for them: 0, 1, 2 …"""

    def __init__(self, *parts: object) -> None:
        self.length = len(parts)
        for index, part in enumerate(parts):
            setattr(self, str(index), part)

    def __call__(self, x: Float[Array, "b ..."]) -> Float[Array, "b ..."]:
        for index in range(self.length):
            x = getattr(self, str(index))(x)
        return x


def global_mean(x: Float[Array, "b *spatial c"]) -> Float[Array, "b c"]:
    """Mean over space."""
    return x.mean(axis=tuple(range(1, x.ndim - 1)))


def max_pool(
    x: Float[Array, "b *spatial c"], *, window: int, stride: int, padding: int = 0
) -> Float[Array, "b *outputs c"]:
    """Take maxima as torch's `MaxPool`; the padding never wins, and an axis of 1 stays as it is.

    torch refuses an axis shorter than the window; leaving it alone lets small images through.
    """
    return _pooled(x, -jnp.inf, lax.max, window, stride, padding)


def mean_pool(
    x: Float[Array, "b *spatial c"], *, window: int, stride: int
) -> Float[Array, "b *outputs c"]:
    """Take means as torch's `AvgPool` without padding; an axis of 1 stays as it is."""
    sizes = [min(window, n) for n in x.shape[1:-1]]
    count = 1
    for size in sizes:
        count *= size
    return _pooled(x, 0.0, lax.add, window, stride, 0) / count


def _pooled(
    x: Array,
    start: float,
    combine: Callable[[Array, Array], Array],
    window: int,
    stride: int,
    padding: int,
) -> Array:
    windows, strides, pads = [1], [1], [(0, 0)]
    for size in x.shape[1:-1]:
        fits = size + 2 * padding >= window
        windows.append(window if fits else size)
        strides.append(stride if fits else 1)
        pads.append((padding, padding) if fits else (0, 0))
    return lax.reduce_window(
        x,
        # Of numpy: a value that jit traces hides from lax which pooling this is.
        np.array(start, x.dtype),
        combine,
        (*windows, 1),
        (*strides, 1),
        (*pads, (0, 0)),
    )
