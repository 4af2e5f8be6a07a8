"""Synthetic images and volumes whose Betti numbers are known: shapes and vessel trees.

Bright objects on a dark ground, blurred at their edge, under a smooth bias field and noise: the
setting of an angiography or a CT, small enough to be made on the spot.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from topojax.data.dataset import Dataset, Split
from topojax.data.synthetic.vessels import vessel_tree
from topojax.errors import ConfigError

_GROUND, _OBJECT = 0.25, 0.75


@dataclass(frozen=True)
class Samples:
    """Synthetic images.

    Attributes:
        images: float32 (n, *spatial), in [0, 1].
        labels: int64 (n,), positions in the kinds asked for.
        objects: bool (n, *spatial); the object before blur, bias and noise.
        betti: int64 (n, d); its Betti numbers in the T-construction.
    """

    images: np.ndarray
    labels: np.ndarray
    objects: np.ndarray
    betti: np.ndarray


def make_shapes(
    rng: np.random.Generator,
    n: int,
    *,
    kinds: Sequence[str] = ("ball", "shell", "torus"),
    size: int = 28,
    spatial_dims: int = 3,
    noise: float = 0.05,
    bias: float = 0.2,
) -> Samples:
    """Return n images of the kinds in turn: ball, shell and, among volumes, torus.

    A ball has Betti numbers (1, 0, 0), a shell (1, 0, 1), a torus (1, 1, 0); a disc (1, 0), a ring
    (1, 1).

    Args:
        rng: every draw comes from it.
        n: number of images, at least 1.
        kinds: the classes, by name.
        size: voxels along every axis, at least 24.
        spatial_dims: 2 or 3.
        noise: standard deviation of the Gaussian noise, in units of the intensity range.
        bias: relative amplitude of the multiplicative bias field.

    Raises:
        ConfigError: no kind or an unknown one, a size too small for the shapes, no image, or noise
            or bias that is negative or not finite.
    """
    known = _BETTI[_checked_dims(spatial_dims)]
    unknown = [kind for kind in kinds if kind not in known]
    if unknown or not kinds:
        raise ConfigError(f"kinds={list(kinds)} must be some of {', '.join(known)}")
    _check_settings(n, size, noise, bias)
    labels = np.arange(n) % len(kinds)
    names = [kinds[label] for label in labels.tolist()]
    objects = np.stack([_SHAPES[name](rng, size, spatial_dims) for name in names])
    betti = np.array([known[name] for name in names])
    return Samples(_imaged(rng, objects, noise, bias), labels, objects, betti)


def make_vessels(
    rng: np.random.Generator,
    n: int,
    *,
    size: int = 28,
    spatial_dims: int = 3,
    noise: float = 0.05,
    bias: float = 0.2,
) -> Samples:
    """Return n vessel trees, in turn without (label 0) and with (1) a saccular aneurysm.

    Every tree is contractible: its Betti numbers are those of a point. Arguments as `make_shapes`.
    """
    _checked_dims(spatial_dims)
    _check_settings(n, size, noise, bias)
    labels = np.arange(n) % 2
    objects = np.stack(
        [vessel_tree(rng, size, spatial_dims, aneurysm=bool(label)) for label in labels]
    )
    betti = np.tile(np.eye(spatial_dims, dtype=np.int64)[0], (n, 1))
    return Samples(_imaged(rng, objects, noise, bias), labels, objects, betti)


def synthetic_dataset(
    kind: str,
    *,
    seed: int,
    n_train: int,
    n_val: int,
    n_test: int,
    size: int = 28,
    spatial_dims: int = 3,
    noise: float = 0.05,
    bias: float = 0.2,
) -> Dataset:
    """Return a data set of `shapes` or `vessels`, its classes as equal as the numbers allow.

    Raises:
        ConfigError: an unknown kind, or a setting that `make_shapes` refuses.
    """
    makers: dict[str, Callable[..., Samples]] = {
        "shapes": partial(make_shapes, kinds=tuple(_BETTI[_checked_dims(spatial_dims)])),
        "vessels": make_vessels,
    }
    if kind not in makers:
        raise ConfigError(f"kind={kind!r} is unknown; choose {' or '.join(makers)}")
    rng = np.random.default_rng(seed)

    def split(n: int) -> Split:
        samples = makers[kind](rng, n, size=size, spatial_dims=spatial_dims, noise=noise, bias=bias)
        order = rng.permutation(n)
        return Split(samples.images[order], samples.labels[order])

    names = ("no aneurysm", "aneurysm") if kind == "vessels" else tuple(_BETTI[spatial_dims])
    source = f"synthetic {kind}, seed {seed}"
    return Dataset(kind, split(n_train), split(n_val), split(n_test), names, spatial_dims, source)


def _ball(rng: np.random.Generator, size: int, dims: int) -> np.ndarray:
    radius = rng.uniform(0.2, 0.3) * size
    return _distance_from(_centre(rng, size, dims, radius), size) <= radius


def _shell(rng: np.random.Generator, size: int, dims: int) -> np.ndarray:
    radius = rng.uniform(0.26, 0.34) * size
    distance = _distance_from(_centre(rng, size, dims, radius), size)
    # A wall of two voxels and more leaves no gap on the grid, a cavity of two and more no doubt.
    wall = rng.uniform(0.35, 0.5) * radius
    return (distance <= radius) & (distance >= radius - wall)


def _torus(rng: np.random.Generator, size: int, dims: int) -> np.ndarray:
    tube = rng.uniform(0.08, 0.11) * size
    ring = tube + rng.uniform(0.1, 0.14) * size
    offset = _grid(size, dims) - _centre(rng, size, dims, ring + tube)
    axis = rng.standard_normal(dims)
    axis /= np.linalg.norm(axis)
    along = offset @ axis
    across = np.linalg.norm(offset - along[..., None] * axis, axis=-1)
    return np.hypot(across - ring, along) <= tube


_SHAPES: dict[str, Callable[[np.random.Generator, int, int], np.ndarray]] = {
    "ball": _ball,
    "shell": _shell,
    "torus": _torus,
}
_BETTI: dict[int, dict[str, tuple[int, ...]]] = {
    2: {"ball": (1, 0), "shell": (1, 1)},
    3: {"ball": (1, 0, 0), "shell": (1, 0, 1), "torus": (1, 1, 0)},
}


def _checked_dims(spatial_dims: int) -> int:
    if spatial_dims not in _BETTI:
        raise ConfigError(f"spatial_dims={spatial_dims} must be 2 or 3")
    return spatial_dims


def _check_settings(n: int, size: int, noise: float, bias: float) -> None:
    if n < 1:
        raise ConfigError(f"n={n} images must be 1 or more")
    for name, value in (("noise", noise), ("bias", bias)):
        if not (math.isfinite(value) and value >= 0):
            raise ConfigError(f"{name}={value} must be 0 or more and finite")
    if size < 24:
        raise ConfigError(f"size={size} is too small for the shapes; give 24 or more")


def _grid(size: int, dims: int) -> np.ndarray:
    return np.stack(np.meshgrid(*[np.arange(size, dtype=float)] * dims, indexing="ij"), axis=-1)


def _centre(rng: np.random.Generator, size: int, dims: int, radius: float) -> np.ndarray:
    margin = radius + 2
    return rng.uniform(margin, size - 1 - margin, dims)


def _distance_from(centre: np.ndarray, size: int) -> np.ndarray:
    return np.linalg.norm(_grid(size, len(centre)) - centre, axis=-1)


def _imaged(rng: np.random.Generator, objects: np.ndarray, noise: float, bias: float) -> np.ndarray:
    intensity = np.where(objects, _OBJECT, _GROUND)
    for axis in range(1, objects.ndim):
        intensity = _blurred(intensity, axis)
    fields = np.stack([_bias_field(rng, image.shape, bias) for image in objects])
    noisy = intensity * fields + rng.normal(0, noise, objects.shape)
    return np.clip(noisy, 0, 1).astype(np.float32)


def _blurred(values: np.ndarray, axis: int) -> np.ndarray:
    # Binomial weights 1/4, 1/2, 1/4: the partial-volume effect at an object's edge.
    padding = [(1, 1) if a == axis else (0, 0) for a in range(values.ndim)]
    padded = np.pad(values, padding, mode="edge")
    n = values.shape[axis]
    left, middle, right = (padded.take(np.arange(k, k + n), axis) for k in range(3))
    return (left + 2 * middle + right) / 4


def _bias_field(rng: np.random.Generator, shape: tuple[int, ...], amplitude: float) -> np.ndarray:
    """Return 1 + amplitude · a random quadratic in [-1, 1]."""
    axes = [np.linspace(-1, 1, n) for n in shape]
    grid = np.meshgrid(*axes, indexing="ij", sparse=True)
    field = sum(rng.normal() * x + rng.normal() * (x**2 - 1 / 3) for x in grid)
    return 1 + amplitude * field / np.abs(field).max()
