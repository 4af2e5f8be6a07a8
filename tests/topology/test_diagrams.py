"""Diagrams of a filtration that ends, and their entropy and image, against GUDHI."""

from __future__ import annotations

from collections import Counter

import gudhi.representations
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from oracles.bars import sorted_bars
from oracles.gudhi_bars import gudhi_bars
from topojax.topology import persistence_diagrams, persistence_entropy, persistence_image


@st.composite
def images(draw: st.DrawFn) -> np.ndarray:
    """Integers from -3 to 5, every other image with a low wall around one voxel."""
    shape = draw(st.sampled_from([(5, 6), (4, 3, 5)]))
    image = draw(hnp.arrays(np.float64, shape, elements=st.integers(-3, 5)))
    if draw(st.sampled_from([True, False])):
        core = image[(1,) * image.ndim]
        image[(slice(3),) * image.ndim] = -3
        image[(1,) * image.ndim] = core
    return image


DIAGRAMS = st.lists(
    st.tuples(st.floats(0, 0.8), st.floats(0.01, 0.5)), min_size=1, max_size=12
).map(lambda bars: np.array([(birth, birth + length) for birth, length in bars]))


def test_bars_are_gudhis_up_to_the_ceiling() -> None:
    compared = Counter()

    @settings(max_examples=60, deadline=None, derandomize=True)
    @given(image=images(), ceiling=st.integers(-2, 5), last=st.booleans())
    def compare(image: np.ndarray, ceiling: int, last: bool) -> None:
        dim = image.ndim - 1 if last else 0
        (diagram,) = persistence_diagrams(image[np.newaxis], dim, ceiling=ceiling)
        # Beyond the ceiling nothing more happens once every value there is the ceiling itself.
        expected = np.minimum(gudhi_bars(np.minimum(image, ceiling))[dim], ceiling)
        expected = expected[expected[:, 0] < expected[:, 1]]
        assert sorted_bars(diagram) == sorted_bars(expected)
        compared[dim] += len(expected)

    compare()
    assert set(compared) == {0, 1, 2}
    assert min(compared.values()) >= 5, compared


def test_constant_images_have_no_bar_at_their_own_ceiling() -> None:
    (diagram,) = persistence_diagrams(np.ones((1, 4, 4)), 0, ceiling=1.0)
    assert diagram.shape == (0, 2)


@pytest.mark.parametrize("n", [1, 2, 7])
def test_entropy_of_equal_bars_is_the_logarithm_of_their_number(n: int) -> None:
    bars = np.tile([[0.2, 0.5]], (n, 1))
    np.testing.assert_allclose(persistence_entropy(bars), np.log(n), atol=1e-15)


def test_no_bar_no_entropy_and_an_empty_image() -> None:
    none = np.empty((0, 2))
    axis = np.linspace(0, 1, 4)
    assert persistence_entropy(none) == 0
    image = persistence_image(none, axis, axis, bandwidth=0.1, weight_power=1.0)
    np.testing.assert_array_equal(image, np.zeros((4, 4)))


@settings(max_examples=50, deadline=None)
@given(bars=DIAGRAMS)
def test_entropy_equals_gudhis(bars: np.ndarray) -> None:
    expected = gudhi.representations.Entropy()(bars).item()
    np.testing.assert_allclose(persistence_entropy(bars), expected, atol=1e-12)


@settings(max_examples=50, deadline=None)
@given(bars=DIAGRAMS, power=st.sampled_from([0.0, 1.0, 2.5]), bandwidth=st.floats(0.05, 1))
def test_persistence_image_equals_gudhis(bars: np.ndarray, power: float, bandwidth: float) -> None:
    births, lengths = np.linspace(0.1, 0.9, 7), np.linspace(0, 0.8, 5)
    image = persistence_image(bars, births, lengths, bandwidth=bandwidth, weight_power=power)
    oracle = gudhi.representations.PersistenceImage(
        bandwidth, lambda point: point[1] ** power, [7, 5], [0.1, 0.9, 0, 0.8]
    )
    np.testing.assert_allclose(image.ravel(), oracle.fit_transform([bars])[0], rtol=1e-9)
