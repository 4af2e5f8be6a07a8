"""U-Net for images and volumes (Ronneberger et al. 2015; Çiçek et al. 2016), as MONAI has it.

MONAI's `UNet` with residual units (Kerfoot et al. 2018; Cardoso et al. 2022), which the paper's
baseline takes, at that class's defaults: windows of 3, instance normalisation without parameters,
PReLU of one slope, biases everywhere, no dropout. A level of the way down is a residual unit whose
first convolution has stride 2; on the way up, a transposed convolution of stride 2 and a residual
unit of one convolution see the level's output beside what comes from below. The last unit has
neither normalisation nor activation, and gives logits.

Unlike there, images of any size are taken: an odd length n becomes (n + 1) / 2 on the way down, and
on the way up the transposed convolution leaves out its last voxel, as torch's does with output
padding 0. Nothing is padded or cut at the image's own border.
"""

from __future__ import annotations

from functools import partial

from flax import nnx
from jax import numpy as jnp
from jaxtyping import Array, Float

from topojax.errors import ConfigError, DataError
from topojax.models.blocks.initialise import initial_state
from topojax.models.blocks.laws import fan_in_uniform
from topojax.models.blocks.layers import Conv, PReLU, Sequence, instance_norm
from topojax.models.blocks.transposed import ConvTranspose


class UNet(nnx.Module):
    """Levels of `widths` channels down and up again; see the module.

    With 3 axes, 1 input and 2 output channels at (16, 32, 64, 128, 256) and 2 convolutions a unit:
    4 806 481 parameters, as in MONAI.

    Args:
        spatial_dims: 2 or 3.
        in_channels: of the images.
        out_channels: of the logits.
        widths: channels of each level, at least two; the last is reached without a stride.
        convolutions: of each residual unit on the way down.
    """

    def __init__(
        self,
        spatial_dims: int,
        in_channels: int,
        out_channels: int,
        *,
        widths: tuple[int, ...],
        convolutions: int,
    ) -> None:
        self.depth = len(widths) - 1
        unit = partial(ResidualUnit, dims=spatial_dims)
        ends = (in_channels, *widths)
        for level in range(self.depth):
            down = unit(ends[level], widths[level], stride=2, convolutions=convolutions)
            setattr(self, f"down{level}", down)
        self.bottom = unit(widths[-2], widths[-1], stride=1, convolutions=convolutions)
        below = widths[-1]
        for level in reversed(range(self.depth)):
            above = widths[level - 1] if level else out_channels
            up = UpSampling(widths[level] + below, above, dims=spatial_dims, is_last=level == 0)
            setattr(self, f"up{level}", up)
            below = above

    def __call__(self, x: Float[Array, "b *spatial c"]) -> Float[Array, "b *spatial outputs"]:
        """Return the logits of channels-last images."""
        shapes, outputs = [], []
        for level in range(self.depth):
            shapes.append(x.shape[1:-1])
            x = getattr(self, f"down{level}")(x)
            outputs.append(x)
        x = self.bottom(x)
        for level in reversed(range(self.depth)):
            joined = jnp.concatenate([outputs[level], x], axis=-1)
            x = getattr(self, f"up{level}")(joined, shapes[level])
        return x


class ResidualUnit(nnx.Module):
    """Convolutions beside a shortcut, which is convolved where the shape changes; added, no more.

    The shortcut's window is 3 where there is a stride, else 1.

    Args:
        c_in, c_out: channels.
        dims: spatial axes.
        stride: of the first convolution and the shortcut.
        convolutions: how many, each normalised and activated.
        ends_plain: the last one is not.
    """

    def __init__(
        self,
        c_in: int,
        c_out: int,
        *,
        dims: int,
        stride: int,
        convolutions: int,
        ends_plain: bool = False,
    ) -> None:
        units: list[nnx.Module] = []
        for k in range(convolutions):
            first = {"c_in": c_in, "stride": stride} if k == 0 else {"c_in": c_out, "stride": 1}
            conv = _conv(**first, c_out=c_out, dims=dims, width=3)
            is_plain = ends_plain and k == convolutions - 1
            units.append(conv if is_plain else Sequence(conv, instance_norm, PReLU()))
        self.conv = Sequence(*units)
        self.projected = stride > 1 or c_in != c_out
        if self.projected:
            width = 3 if stride > 1 else 1
            self.residual = _conv(c_in=c_in, c_out=c_out, dims=dims, width=width, stride=stride)

    def __call__(self, x: Float[Array, "b *spatial c"]) -> Float[Array, "b *outputs c_out"]:
        return self.conv(x) + (self.residual(x) if self.projected else x)


class UpSampling(nnx.Module):
    """Transposed convolution, normalised and activated, and a residual unit of one convolution."""

    def __init__(self, c_in: int, c_out: int, *, dims: int, is_last: bool) -> None:
        self.conv = ConvTranspose(c_in, c_out, dims=dims)
        self.act = PReLU()
        self.unit = ResidualUnit(
            c_out, c_out, dims=dims, stride=1, convolutions=1, ends_plain=is_last
        )

    def __call__(
        self, x: Float[Array, "b *spatial c"], shape: tuple[int, ...]
    ) -> Float[Array, "b *shape c_out"]:
        return self.unit(self.act(instance_norm(self.conv(x, shape))))


def _conv(*, c_in: int, c_out: int, dims: int, width: int, stride: int) -> Conv:
    return Conv(
        c_in,
        c_out,
        window=(width,) * dims,
        strides=(stride,) * dims,
        bias=True,
        law=fan_in_uniform(width**dims * c_in),
    )


def create_unet(
    spatial_dims: int,
    in_channels: int,
    out_channels: int = 1,
    *,
    widths: tuple[int, ...] = (16, 32, 64, 128, 256),
    convolutions: int = 2,
    rngs: nnx.Rngs,
) -> UNet:
    """Make a U-Net with initial weights by torch's laws.

    Args:
        spatial_dims, in_channels, out_channels, widths, convolutions: see `UNet`.
        rngs: the stream `params` gives the weights.

    Returns:
        A module: images (B, H, W, C) or (B, D, H, W, C), float32 or bfloat16, to logits
        (B, *spatial, out_channels) of the same dtype. Parameters are float32.

    Raises:
        ConfigError: as `abstract_unet`.
    """
    abstract = abstract_unet(
        spatial_dims, in_channels, out_channels, widths=widths, convolutions=convolutions
    )
    graph, state = nnx.split(abstract)
    return nnx.merge(graph, initial_state(state, rngs.params()))


def abstract_unet(
    spatial_dims: int,
    in_channels: int,
    out_channels: int = 1,
    *,
    widths: tuple[int, ...] = (16, 32, 64, 128, 256),
    convolutions: int = 2,
) -> UNet:
    """Return the network with shapes in place of arrays, at once: drawing them takes seconds.

    Raises:
        ConfigError: other than 2 or 3 axes, fewer than two widths, or a count below 1.
    """
    if spatial_dims not in (2, 3):
        raise ConfigError(f"spatial_dims={spatial_dims}; expected 2 for images or 3 for volumes")
    if len(widths) < 2:
        raise ConfigError(f"widths={widths}; expected at least two levels, such as (16, 32, 64)")
    counts = {"in_channels": in_channels, "out_channels": out_channels}
    counts |= {"convolutions": convolutions, "widths": min(widths)}
    for name, value in counts.items():
        if value < 1:
            raise ConfigError(f"{name}: {value} is not a positive number; give 1 or more")
    return nnx.eval_shape(
        lambda: UNet(
            spatial_dims, in_channels, out_channels, widths=widths, convolutions=convolutions
        )
    )


def check_unet_images(spatial_shape: tuple[int, ...], depth: int) -> None:
    """Refuse images whose coarsest level is a single voxel: normalised over space, it is 0.

    Args:
        spatial_shape: (H, W) or (D, H, W), without channels.
        depth: how often sizes are halved, one less than there are widths.

    Raises:
        DataError: every axis is too short.
    """
    if max(spatial_shape) <= 2**depth:
        raise DataError(
            f"images of spatial shape {tuple(spatial_shape)} become a single voxel on the way down "
            f"through {depth} levels, each of half the size; give fewer widths, or images of more "
            f"than {2**depth} voxels along an axis"
        )
