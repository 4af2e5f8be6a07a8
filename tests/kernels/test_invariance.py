"""What must not change, or must change in a known way, without any oracle."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from topojax.kernels import betti_curves, betti_steps, persistence_pairs

properties = settings(deadline=None, max_examples=60, derandomize=True)

seeds = st.integers(0, 2**32 - 1)
shapes = st.sampled_from([(9, 7), (5, 6, 4), (1, 6, 5), (3, 1, 8), (1, 1, 11)])
constructions = st.sampled_from(["T", "V"])


def noise(seed: int, shape: tuple[int, ...], levels: int = 6) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, levels, shape).astype(np.float64)


@properties
@given(seeds, shapes, constructions, st.randoms(use_true_random=False))
def test_flips_and_axis_permutations(seed, shape, construction, random):
    image = noise(seed, shape)
    axes = random.sample(range(image.ndim), image.ndim)
    flipped = [axis for axis in range(image.ndim) if random.random() < 0.5]
    turned = np.flip(image.transpose(axes), flipped)
    values, betti = betti_steps(image, construction=construction)
    turned_values, turned_betti = betti_steps(turned, construction=construction)
    np.testing.assert_array_equal(turned_values, values)
    np.testing.assert_array_equal(turned_betti, betti)
    for dim in range(image.ndim):
        bars = persistence_pairs(image, dim, construction=construction)[0]
        turned_bars = persistence_pairs(turned, dim, construction=construction)[0]
        assert sorted(map(tuple, bars)) == sorted(map(tuple, turned_bars))


@properties
@given(seeds, shapes, constructions)
def test_increasing_maps_move_values_only(seed, shape, construction):
    image = noise(seed, shape, 40)
    values, betti = betti_steps(image, construction=construction)
    moved_values, moved_betti = betti_steps(np.exp(image / 7) - 3, construction=construction)
    np.testing.assert_array_equal(moved_values, np.exp(values / 7) - 3)
    np.testing.assert_array_equal(moved_betti, betti)


@properties
@given(seeds, shapes, constructions)
def test_a_margin_of_absent_voxels_changes_nothing(seed, shape, construction):
    image = noise(seed, shape)
    padded = np.pad(image, 2, constant_values=np.inf)
    masked = np.pad(image, 2, constant_values=-9.0)
    mask = np.pad(np.ones(shape, bool), 2)
    thresholds = np.arange(6.0)
    want = betti_curves(image, thresholds, construction=construction)
    np.testing.assert_array_equal(betti_curves(padded, thresholds, construction=construction), want)
    np.testing.assert_array_equal(
        betti_curves(masked, thresholds, mask=mask, construction=construction), want
    )


@properties
@given(seeds, st.sampled_from([(9, 7), (5, 6, 4)]), st.sampled_from(["TV", "VT"]))
def test_cavities_are_components_of_the_negative(seed, shape, constructions):
    first, second = constructions
    # A frame below everything closes around the image at once, and enters its negative last.
    image = np.pad(noise(seed, shape), 1, constant_values=-1.0)
    cavities = persistence_pairs(image, image.ndim - 1, construction=first)[0]
    components = persistence_pairs(-image, 0, construction=second)[0]
    components[np.isinf(components[:, 1]), 1] = 1.0
    mirrored = sorted((-death, -birth) for birth, death in components.tolist())
    assert sorted(map(tuple, cavities.tolist())) == mirrored


@properties
@given(seeds, shapes, constructions)
def test_pairs_count_to_the_curves(seed, shape, construction):
    image = noise(seed, shape)
    thresholds = np.arange(-1.0, 7.0)
    curves = betti_curves(image, thresholds, construction=construction)
    for dim in range(image.ndim):
        pairs = persistence_pairs(image, dim, construction=construction)[0]
        alive = (pairs[:, :1] <= thresholds) & (thresholds < pairs[:, 1:])
        np.testing.assert_array_equal(alive.sum(axis=0), curves[dim])


@properties
@given(seeds, st.integers(1, 40), st.booleans())
def test_uneven_and_even_grids_sample_the_steps(seed, count, even):
    rng = np.random.default_rng(seed)
    image = rng.standard_normal((6, 5, 7)).astype(np.float32)
    # Thresholds that equal values: the sublevel set is closed.
    drawn = rng.choice(image.ravel(), count).astype(np.float64)
    thresholds = np.linspace(-2, 2, count) if even else np.unique(drawn)
    values, betti = betti_steps(image)
    at = np.searchsorted(values, thresholds, side="right")
    want = np.pad(betti, ((0, 0), (1, 0)))[:, at]
    np.testing.assert_array_equal(betti_curves(image, thresholds), want)


@pytest.mark.parametrize(
    "dtype",
    [
        "bool",
        "int8",
        "uint8",
        "int16",
        "uint16",
        "int32",
        "uint32",
        "int64",
        "float16",
        "float32",
        "float64",
        ">f4",
    ],
)
def test_dtypes(rng, dtype):
    image = rng.integers(0, 2 if dtype == "bool" else 6, (6, 5, 4))
    thresholds = np.arange(6)
    want = betti_curves(image.astype(np.float64), thresholds)
    np.testing.assert_array_equal(betti_curves(image.astype(dtype), thresholds), want)


def test_memory_layouts(rng):
    image = rng.random((6, 7, 5)).astype(np.float32)
    thresholds = np.linspace(0, 1, 9)
    mask = rng.random(image.shape) < 0.8
    want = betti_curves(image, thresholds, mask=mask)
    frozen = image.copy()
    frozen.flags.writeable = False
    wide = np.zeros((12, 7, 10), np.float32)
    wide[::2, :, ::2] = image
    unaligned = np.frombuffer(b"x" + image.tobytes(), np.uint8)[1:].view(np.float32)
    layouts = [np.asfortranarray(image), frozen, wide[::2, :, ::2], image[::-1][::-1]]
    for layout in [*layouts, unaligned.reshape(image.shape), image.tolist()]:
        got = betti_curves(layout, thresholds, mask=np.asfortranarray(mask))
        np.testing.assert_array_equal(got, want)
