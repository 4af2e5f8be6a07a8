"""Synthetic objects have the Betti numbers that they claim, and a seed fixes them."""

from __future__ import annotations

import numpy as np
import pytest

from oracles.gudhi_bars import gudhi_betti_numbers
from topojax.data import Samples, make_shapes, make_vessels, synthetic_dataset, validate_dataset
from topojax.errors import ConfigError


def _check(samples: Samples, n: int) -> None:
    assert len(samples.objects) == len(samples.betti) == n
    for mask, betti in zip(samples.objects, samples.betti, strict=True):
        assert gudhi_betti_numbers(mask) == list(betti)


@pytest.mark.parametrize("size", [24, 28, 40])
@pytest.mark.parametrize("seed", range(6))
def test_betti_numbers_before_noise(seed: int, size: int) -> None:
    rng = np.random.default_rng(seed)
    _check(make_shapes(rng, 6, size=size), 6)
    _check(make_shapes(rng, 4, kinds=("ball", "shell"), size=size, spatial_dims=2), 4)
    _check(make_vessels(rng, 4, size=size), 4)
    _check(make_vessels(rng, 4, size=size, spatial_dims=2), 4)


def test_shapes_are_the_textbooks() -> None:
    samples = make_shapes(np.random.default_rng(0), 3)
    np.testing.assert_array_equal(samples.betti, [[1, 0, 0], [1, 0, 1], [1, 1, 0]])
    np.testing.assert_array_equal(samples.labels, [0, 1, 2])


def test_objects_are_brighter_than_the_ground() -> None:
    samples = make_vessels(np.random.default_rng(1), 4)
    assert samples.images.dtype == np.float32
    assert samples.images.min() >= 0
    assert samples.images.max() <= 1
    for image, mask in zip(samples.images, samples.objects, strict=True):
        assert image[mask].mean() > image[~mask].mean() + 0.2


def test_an_aneurysm_adds_volume() -> None:
    samples = make_vessels(np.random.default_rng(2), 20)
    volumes = samples.objects.sum((1, 2, 3))
    assert volumes[samples.labels == 1].mean() > volumes[samples.labels == 0].mean() * 1.2


@pytest.mark.parametrize("dims", [2, 3])
def test_vessels_run_along_every_axis(dims: int) -> None:
    samples = make_vessels(np.random.default_rng(3), 30, spatial_dims=dims)
    extents = np.stack([np.ptp(np.argwhere(mask), axis=0) for mask in samples.objects])
    assert set(extents.argmax(1)) == set(range(dims))


@pytest.mark.parametrize("kind", ["shapes", "vessels"])
@pytest.mark.parametrize("dims", [2, 3])
def test_a_seed_fixes_the_data_set(kind: str, dims: int) -> None:
    def make(seed: int) -> str:
        data = synthetic_dataset(kind, seed=seed, n_train=6, n_val=3, n_test=3, spatial_dims=dims)
        validate_dataset(data)
        assert data.shape == (28,) * dims
        return data.fingerprint()

    assert make(1) == make(1)
    assert make(1) != make(2)


def test_splits_hold_different_images() -> None:
    data = synthetic_dataset("shapes", seed=0, n_train=6, n_val=6, n_test=6)
    images = np.concatenate([data.train.images, data.val.images, data.test.images])
    assert len(np.unique(images.reshape(18, -1), axis=0)) == 18


@pytest.mark.parametrize(
    "settings",
    [
        {"kinds": ("ball", "cube")},
        {"kinds": ("torus",), "spatial_dims": 2},
        {"size": 12},
        {"spatial_dims": 4},
        {"kinds": ()},
        {"n": 0},
        {"noise": -0.1},
        {"noise": np.nan},
        {"bias": np.inf},
    ],
)
def test_what_cannot_be_made_is_refused(settings: dict) -> None:
    with pytest.raises(ConfigError):
        make_shapes(np.random.default_rng(0), **({"n": 3} | settings))


def test_unknown_kind() -> None:
    with pytest.raises(ConfigError, match="cubes"):
        synthetic_dataset("cubes", seed=0, n_train=2, n_val=2, n_test=2)
