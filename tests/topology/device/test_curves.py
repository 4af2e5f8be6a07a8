"""Curves on the device are the kernels', value by value, alone, in batches and inside `jit`."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage

from topojax import kernels
from topojax.kernels.arguments import Construction
from topojax.topology.device import betti_curves, euler_curve

from .images import images_of

GRID = [-0.1, 0.0, 0.2, 0.35, 0.5, 0.8, 1.0]
SHAPES = [(9, 8), (1, 7), (5, 6, 4), (1, 1, 1), (3, 1, 5)]


@pytest.mark.parametrize(
    ("shape", "construction"),
    [
        *((shape, "T") for shape in SHAPES if shape != (1, 1, 1)),
        ((9, 8), "V"),
        ((5, 6, 4), "V"),
        # One voxel alone is among the pairs, which are made of the same trees.
        pytest.param((1, 1, 1), "T", marks=pytest.mark.slow),
        *(pytest.param(shape, "V", marks=pytest.mark.slow) for shape in SHAPES if 1 in shape),
    ],
)
def test_curves_are_the_kernels(
    shape: tuple[int, ...], construction: Construction, rng: np.random.Generator
) -> None:
    images, masks = images_of(shape, rng)

    @jax.jit
    @jax.vmap
    def both(x: jax.Array, mask: jax.Array) -> tuple[jax.Array, jax.Array]:
        return (
            betti_curves(x, GRID, mask, construction),
            euler_curve(x, GRID, mask=mask, construction=construction),
        )

    betti, euler = both(images, masks)
    assert betti.dtype == euler.dtype == jnp.int32
    given: dict[str, Any] = {"construction": construction}
    for k, (image, mask) in enumerate(zip(images, masks, strict=True)):
        want = kernels.betti_curves(image, GRID, mask=mask, **given)
        np.testing.assert_array_equal(betti[k], want, err_msg=f"image {k}")
        want = kernels.euler_curve(image, GRID, mask=mask, **given)
        np.testing.assert_array_equal(euler[k], want, err_msg=f"image {k}")
    if min(shape) > 3:
        assert (np.abs(betti).max(axis=(0, 2)) > 0).all(), "no cavity has been compared"


_VALUES = st.integers(0, 3).map(float) | st.floats(-1, 4, width=32) | st.just(np.inf)


@pytest.mark.parametrize(
    ("shape", "construction"),
    [
        ((4, 5), "V"),
        ((3, 4, 3), "T"),
        pytest.param((4, 5), "T", marks=pytest.mark.slow),
        pytest.param((3, 4, 3), "V", marks=pytest.mark.slow),
    ],
)
@settings(max_examples=20)
@given(data=st.data())
def test_curves_of_any_image_are_the_kernels(
    shape: tuple[int, ...], construction: Construction, data: st.DataObject
) -> None:
    image = data.draw(hnp.arrays(np.float32, shape, elements=_VALUES))
    mask = data.draw(hnp.arrays(bool, shape))
    steps = data.draw(hnp.arrays(np.float64, 3, elements=st.floats(0.125, 2)))
    grid = np.cumsum(steps) - 1
    given_mask = {"mask": mask, "construction": construction}
    np.testing.assert_array_equal(
        betti_curves(image, grid, **given_mask), kernels.betti_curves(image, grid, **given_mask)
    )
    np.testing.assert_array_equal(
        euler_curve(image, grid, **given_mask), kernels.euler_curve(image, grid, **given_mask)
    )


@pytest.mark.parametrize("shape", [(40, 33), (18, 17, 16)])
def test_few_saddles_and_many_give_the_kernels_curves(
    shape: tuple[int, ...], rng: np.random.Generator
) -> None:
    # Of the smooth image saddles fit into their list; of the noise they do not.
    noise = rng.random(shape).astype(np.float32)
    smooth = ndimage.gaussian_filter(noise, 2)
    grid = np.linspace(0, 1, 100)
    curves = jax.jit(lambda x: betti_curves(x, grid))
    for image in (noise, (smooth - smooth.min()) / np.ptp(smooth)):
        np.testing.assert_array_equal(curves(image), kernels.betti_curves(image, grid))


def test_batches_of_batches_and_shared_images(rng: np.random.Generator) -> None:
    images = rng.random((2, 3, 5, 6)).astype(np.float32)
    grids = np.sort(rng.random((3, 4)).astype(np.float32), axis=1)
    nested = jax.vmap(jax.vmap(betti_curves, in_axes=(0, 0)), in_axes=(0, None))
    found = nested(images, grids)
    shared = jax.vmap(betti_curves, in_axes=(None, 0))(images[0, 0], grids)
    for j in range(3):
        for i in range(2):
            want = kernels.betti_curves(images[i, j], grids[j])
            np.testing.assert_array_equal(found[i, j], want)
        np.testing.assert_array_equal(shared[j], kernels.betti_curves(images[0, 0], grids[j]))


def test_thresholds_between_two_values_of_the_image_stay_there() -> None:
    # float32(0.1) is above 0.1: the threshold, rounded, would meet it.
    image = np.array([[0.1, 0.7], [0.9, 0.3]], np.float32)
    grid = [0.1, 0.3, 0.7]
    want = kernels.betti_curves(image, grid)
    assert want[0].tolist() == [0, 1, 1]
    np.testing.assert_array_equal(betti_curves(image, grid), want)


def test_float64_is_taken_as_it_is_where_jax_holds_it(rng: np.random.Generator) -> None:
    image = 0.5 + 1e-12 * rng.integers(-3, 4, (6, 7))
    grid = 0.5 + 1e-12 * np.arange(-2, 3)
    want = kernels.betti_curves(image, grid)
    assert len(np.unique(want[0])) > 2
    with jax.enable_x64(True):
        np.testing.assert_array_equal(betti_curves(image, grid), want)


@pytest.mark.parametrize("dtype", ["uint8", "int16", "bool", "float16", "bfloat16"])
def test_small_dtypes_are_taken_as_they_are(dtype: str, rng: np.random.Generator) -> None:
    x = jnp.asarray(rng.integers(0, 4, (6, 7)), dtype)
    want = kernels.betti_curves(np.asarray(x, np.float32), [0, 1, 2.5])
    np.testing.assert_array_equal(betti_curves(x, [0, 1, 2.5]), want)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"x": np.zeros((3, 3))}, TypeError, r"x is float64.*x\.astype\(numpy\.float32\)"),
        ({"x": np.zeros((3, 3), np.int32)}, TypeError, "x is int32"),
        ({"x": np.ma.zeros((3, 3))}, TypeError, "x is a masked array"),
        ({"x": np.zeros(3, np.float32)}, ValueError, r"x has shape \(3,\).*jax\.vmap"),
        ({"x": np.full((2, 2), np.nan, np.float32)}, ValueError, "x holds NaN"),
        ({"thresholds": [1, 0]}, ValueError, "thresholds is not strictly increasing"),
        ({"thresholds": [0, np.nan]}, ValueError, "thresholds has NaN"),
        ({"thresholds": [[0, 1]]}, ValueError, r"thresholds has shape \(1, 2\)"),
        ({"mask": np.ones((3, 3), int)}, TypeError, "mask is int"),
        ({"mask": np.ones((3, 2), bool)}, ValueError, r"mask has shape \(3, 2\)"),
        ({"construction": "U"}, ValueError, "construction='U'"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    changes: dict[str, Any], error: type[Exception], message: str
) -> None:
    given = {"x": np.zeros((3, 3), np.float32), "thresholds": [0.0, 1.0]} | changes
    for curves in (betti_curves, euler_curve):
        with pytest.raises(error, match=message):
            curves(**given)


def test_nan_inside_jit_gives_no_betti_number() -> None:
    image = np.zeros((2, 3, 3), np.float32)
    image[1, 1, 1] = np.nan
    found = jax.jit(jax.vmap(lambda x: betti_curves(x, [0, 1])))(image)
    assert found.tolist() == [[[1, 1], [0, 0]], [[-1, -1], [-1, -1]]]
    # What is masked is not looked at.
    ring = jax.jit(jax.vmap(lambda x, m: betti_curves(x, [0, 1], m)))(image, ~np.isnan(image))
    assert ring.tolist() == [[[1, 1], [0, 0]], [[1, 1], [1, 1]]]
