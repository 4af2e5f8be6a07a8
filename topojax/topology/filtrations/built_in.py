"""The filtrations that come with topojax, by name: what each asks of its parameters."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from topojax.topology.filtrations import object_shape, scale_space
from topojax.topology.filtrations.registry import BatchFunction, Bind, Kind, register_kind

# Below, scipy's kernel is one voxel, and filters nothing; above, it is longer than any image.
_LEAST_SIGMA, _MOST_SIGMA = 0.125, 1000.0


def _intensity(parameters: tuple[float, ...], spatial_dims: int) -> BatchFunction:
    _expect_none(parameters)
    return lambda images, otsu: images


def _of_scale(function: Callable[[np.ndarray, float], np.ndarray]) -> Bind:
    def bind(parameters: tuple[float, ...], spatial_dims: int) -> BatchFunction:
        if len(parameters) != 1 or not _LEAST_SIGMA <= parameters[0] <= _MOST_SIGMA:
            raise ValueError(
                f"one number s, sigma in voxels, from {_LEAST_SIGMA} to {_MOST_SIGMA:g}"
            )
        return lambda images, otsu: function(images, parameters[0])

    return bind


def _distance(parameters: tuple[float, ...], spatial_dims: int) -> BatchFunction:
    if len(parameters) > 1:
        raise ValueError("one number, the threshold t of the object {X > t}, or none: Otsu's")
    if any(abs(threshold) > float(np.finfo(np.float32).max) for threshold in parameters):
        raise ValueError("a threshold within float32's range")
    # As float32, like the image: a voxel of 0.2 is not above 0.2.
    given = np.array(parameters, np.float32)

    def distance(images: np.ndarray, otsu: Callable[[], np.ndarray]) -> np.ndarray:
        thresholds = given if given.size else otsu()
        return object_shape.signed_distances(object_shape.objects_above(images, thresholds))

    return distance


def _radial(parameters: tuple[float, ...], spatial_dims: int) -> BatchFunction:
    _expect_none(parameters)
    return lambda images, otsu: object_shape.radial_distances(
        object_shape.objects_above(images, otsu())
    )


def _height(parameters: tuple[float, ...], spatial_dims: int) -> BatchFunction:
    if len(parameters) != spatial_dims or not 1e-100 < math.hypot(*parameters) < 1e100:
        raise ValueError(f"{spatial_dims} numbers, a direction, not all of them 0")
    return lambda images, otsu: object_shape.heights(
        object_shape.objects_above(images, otsu()), parameters
    )


def _expect_none(parameters: tuple[float, ...]) -> None:
    if parameters:
        raise ValueError("no parameters")


for _kind in (
    Kind("intensity", "intensity", _intensity, finite=True),
    Kind("gaussian", "gaussian:s", _of_scale(scale_space.gaussian), finite=True),
    Kind("log", "log:s", _of_scale(scale_space.laplacian), finite=True),
    Kind("gradient", "gradient:s", _of_scale(scale_space.gradient), finite=True),
    Kind("distance", "distance or distance:t", _distance, finite=True),
    Kind("radial", "radial", _radial, finite=False),
    Kind("height", "height:z,y,x, of images height:y,x", _height, finite=False),
):
    register_kind(_kind)
