"""The U-Net: its parameters by hand, sizes, independence of a batch's images, what is refused."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from topojax.errors import ConfigError, DataError
from topojax.models import UNet, create_unet
from topojax.models.blocks.layers import PReLU, instance_norm
from topojax.models.segmentation.unet import ResidualUnit, abstract_unet, check_unet_images


def _count(dims: int, c_in: int, c_out: int, widths: tuple[int, ...], convolutions: int) -> int:
    """Count parameters level by level."""

    def conv(a: int, b: int, width: int = 3) -> int:
        return a * b * width**dims + b

    def unit(a: int, b: int, shortcut: int) -> int:
        slopes = convolutions
        return conv(a, b) + (convolutions - 1) * conv(b, b) + slopes + conv(a, b, shortcut)

    *levels, bottom = widths
    total = sum(unit(a, b, 3) for a, b in zip((c_in, *levels), levels, strict=False))
    total += unit(levels[-1], bottom, 1)
    below = bottom
    for level, width in reversed(list(enumerate(levels))):
        above = levels[level - 1] if level else c_out
        # Transposed convolution and its slope; one convolution, with a slope but in the last unit.
        total += conv(width + below, above) + 1 + conv(above, above) + (level > 0)
        below = above
    return total


def _parameters(unet: UNet) -> int:
    return sum(leaf.size for leaf in jax.tree.leaves(nnx.state(unet, nnx.Param)))


@pytest.mark.parametrize(
    ("shape", "widths", "convolutions"),
    [((3, 1, 2), (16, 32, 64, 128, 256), 2), ((2, 3, 1), (4, 8), 1), ((2, 1, 1), (4, 6, 9), 3)],
)
def test_parameters_are_counted_by_hand(
    shape: tuple[int, int, int], widths: tuple[int, ...], convolutions: int
) -> None:
    unet = abstract_unet(*shape, widths=widths, convolutions=convolutions)
    assert _parameters(unet) == _count(*shape, widths, convolutions)


def test_parameters_are_as_many_as_monais() -> None:
    """MONAI's network with batch normalisation, two more parameters a channel, has 4 808 917."""
    normalised = 2 * (16 + 32 + 64 + 128 + 256) + 2 * (64 + 32 + 16) + 2
    assert _parameters(abstract_unet(3, 1, 2)) == 4_808_917 - 2 * normalised


@pytest.mark.parametrize("shape", [(9, 8), (5, 13), (7, 6, 5)])
def test_images_of_any_size_come_back_at_their_size(shape: tuple[int, ...]) -> None:
    unet = abstract_unet(len(shape), 2, 3, widths=(2, 3, 4))
    x = jax.ShapeDtypeStruct((2, *shape, 2), jnp.float32)
    assert nnx.eval_shape(lambda unet, x: unet(x), unet, x).shape == (2, *shape, 3)


def test_an_image_does_not_see_the_others_of_its_batch(rng: np.random.Generator) -> None:
    unet = create_unet(2, 1, widths=(3, 4), rngs=nnx.Rngs(0))
    x = jnp.asarray(rng.standard_normal((3, 6, 7, 1)), jnp.float32)
    together = unet(x)
    assert float(jnp.abs(together).max()) > 0
    np.testing.assert_allclose(unet(x[1:2]), together[1:2], rtol=1e-4, atol=1e-5)


def test_every_level_has_a_say(rng: np.random.Generator) -> None:
    unet = create_unet(2, 1, widths=(2, 3, 4), rngs=nnx.Rngs(0))
    x = jnp.asarray(rng.standard_normal((1, 12, 12, 1)), jnp.float32)
    y = unet(x)
    for part in (unet.down0, unet.down1, unet.bottom, unet.up1, unet.up0):
        # Biases have none: what follows them takes the mean away.
        kernel = getattr(part.conv, "0", part.conv)
        kernel = getattr(kernel, "0", kernel).kernel
        before = kernel[...]
        kernel[...] = before.at[..., 0].multiply(-1)
        assert float(jnp.abs(unet(x) - y).max()) > 1e-4
        kernel[...] = before


def test_an_identity_is_added_where_the_shape_stays(rng: np.random.Generator) -> None:
    unit = ResidualUnit(2, 2, dims=2, stride=1, convolutions=1, ends_plain=True)
    x = jnp.asarray(rng.standard_normal((1, 4, 4, 2)), jnp.float32)
    np.testing.assert_array_equal(unit(x), x)  # kernels are 0 until they are drawn
    assert not unit.projected


def test_normalisation_and_activation_have_their_closed_forms(rng: np.random.Generator) -> None:
    x = 5 + 3 * rng.standard_normal((2, 4, 5, 3))
    axes = (1, 2)
    expected = (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + 1e-5)
    got = instance_norm(jnp.asarray(x, jnp.float32))
    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-5)
    act = PReLU()
    act.slope[...] = jnp.array([0.5])
    np.testing.assert_array_equal(act(jnp.array([-2.0, 0.0, 3.0])), [-1, 0, 3])


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((1, 1), {}, "spatial_dims=1; expected 2 for images or 3"),
        ((3, 0), {}, "in_channels: 0"),
        ((3, 1, 0), {}, "out_channels: 0"),
        ((3, 1), {"widths": (8,)}, "at least two levels"),
        ((3, 1), {"widths": (8, 0)}, "widths: 0"),
        ((3, 1), {"convolutions": 0}, "convolutions: 0"),
    ],
)
def test_what_is_no_network_is_refused(arguments: tuple, options: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        create_unet(*arguments, **options, rngs=nnx.Rngs(0))


def test_images_that_become_one_voxel_are_refused() -> None:
    check_unet_images((4, 5), 2)
    with pytest.raises(DataError, match=r"\(4, 4\) become a single voxel.*more than 4 voxels"):
        check_unet_images((4, 4), 2)
