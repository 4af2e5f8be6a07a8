"""Distance, radius and height: brute force, scikit-image's threshold, constant images."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage
from skimage.filters import threshold_otsu

from topojax.topology import filtered
from topojax.topology.filtrations.object_shape import (
    heights,
    otsu_threshold,
    radial_distances,
    signed_distances,
)

SHAPES = st.one_of(
    st.tuples(st.integers(1, 2), st.integers(1, 8), st.integers(1, 8)),
    st.tuples(st.integers(1, 2), st.integers(1, 5), st.integers(1, 5), st.integers(1, 6)),
)
OBJECTS = arrays(np.bool_, SHAPES)


@given(objects=OBJECTS)
def test_distances_are_those_to_the_nearest_voxel_of_the_other_side(objects: np.ndarray) -> None:
    diagonal = np.float32(np.sqrt(np.sum(np.square(objects.shape[1:]))))
    for inside, found in zip(objects, signed_distances(objects), strict=True):
        voxels = np.argwhere(np.ones(inside.shape, bool))
        for voxel, distance in zip(voxels, found.ravel(), strict=True):
            is_in = inside[tuple(voxel)]
            others = voxels[inside.ravel() != is_in]
            nearest = (
                np.sqrt(np.square(others - voxel).sum(axis=1).min()) if len(others) else diagonal
            )
            assert distance == np.float32(-nearest if is_in else nearest)


@pytest.mark.parametrize("share", [0.01, 0.5, 0.99])
def test_distances_are_scipys_on_larger_grids(rng: np.random.Generator, share: float) -> None:
    for shape in ((1, 40, 31), (1, 17, 20, 23)):
        objects = rng.random(shape) < share
        inside = objects[0]
        expected = ndimage.distance_transform_edt(~inside) - ndimage.distance_transform_edt(inside)
        np.testing.assert_array_equal(signed_distances(objects)[0], expected.astype(np.float32))


@given(objects=OBJECTS)
def test_radii_are_distances_to_the_centroid(objects: np.ndarray) -> None:
    for inside, found in zip(objects, radial_distances(objects), strict=True):
        assert np.isposinf(found[~inside]).all()
        voxels = np.argwhere(inside)
        if len(voxels):
            expected = np.linalg.norm(voxels - voxels.mean(axis=0), axis=1)
            np.testing.assert_allclose(found[inside], expected, rtol=1e-6, atol=1e-6)


@given(objects=OBJECTS, data=st.data())
def test_heights_are_projections_from_the_middle(objects: np.ndarray, data: st.DataObject) -> None:
    axes = objects.ndim - 1
    steps = st.lists(st.integers(-3, 3), min_size=axes, max_size=axes).filter(any)
    direction = tuple(data.draw(steps))
    found = heights(objects, direction)
    assert np.isposinf(found[~objects]).all()
    voxels = np.argwhere(objects)[:, 1:] - (np.array(objects.shape[1:]) - 1) / 2
    expected = voxels @ (np.array(direction) / np.linalg.norm(direction))
    np.testing.assert_allclose(found[objects], expected, rtol=1e-6, atol=1e-6)
    opposite = heights(objects, tuple(-step for step in direction))
    np.testing.assert_array_equal(opposite[objects], -found[objects])


def test_voxels_of_a_plane_have_one_height() -> None:
    found = heights(np.ones((1, 9, 9, 9), bool), (1.0, 1.0, 1.0))
    assert len(np.unique(found)) == 3 * 8 + 1


NUMBERS = st.floats(-(2.0**100), 2.0**100, width=32)


@given(image=arrays(np.float32, st.tuples(*[st.integers(1, 7)] * 2), elements=NUMBERS))
def test_the_object_is_above_scikit_images_threshold(image: np.ndarray) -> None:
    exact = threshold_otsu(image.astype(np.float64))
    np.testing.assert_array_equal(image > otsu_threshold(image), image.astype(np.float64) > exact)
    assert (image > otsu_threshold(image)).any() == (image.min() < image.max())


def test_a_given_threshold_is_rounded_like_the_image() -> None:
    image = np.array([[[0.0, 0.2, 0.4]]], np.float32)
    np.testing.assert_array_equal(filtered(image, "distance:0.2"), [[[2, 1, -1]]])


@pytest.mark.parametrize("shape", [(2, 4, 3), (2, 4, 3, 12)])
@pytest.mark.parametrize("value", [0.0, 0.1, -3.0])
def test_a_constant_image_has_no_object(shape: tuple[int, ...], value: float) -> None:
    images = np.full(shape, value, np.float32)
    diagonal = np.sqrt(np.sum(np.square(shape[1:])))
    np.testing.assert_array_equal(filtered(images, "distance"), np.full(shape, diagonal, "f4"))
    np.testing.assert_array_equal(filtered(images, "-distance"), np.full(shape, -diagonal, "f4"))
    full = filtered(images, "distance:-9")
    np.testing.assert_array_equal(full, np.full(shape, -diagonal, "f4"))
    direction = ",".join("1" * (len(shape) - 1))
    for name in ("radial", "-radial", f"height:{direction}", f"-height:{direction}"):
        assert np.isposinf(filtered(images, name)).all()
