"""Labels of connected components are scipy's."""

from __future__ import annotations

import jax
import numpy as np
import pytest
from scipy import ndimage

from topojax.topology.device import connected_components

from .images import images_of


@pytest.mark.parametrize(
    ("shape", "connectivity"),
    [((9, 8), 4), ((9, 8), 8), ((5, 6, 4), 6), ((5, 6, 4), 26), ((1, 1, 1), 26), ((1, 7), 4)],
)
def test_labels_are_scipys(
    shape: tuple[int, ...], connectivity: int, rng: np.random.Generator
) -> None:
    images, masks = images_of(shape, rng)
    masks = np.concatenate([(images <= 0.5) & masks, rng.random((20, *shape)) < 0.4])
    label = jax.jit(jax.vmap(lambda mask: connected_components(mask, connectivity)))
    labels, numbers = label(masks)
    touching = 1 if connectivity in (4, 6) else len(shape)
    structure = ndimage.generate_binary_structure(len(shape), touching)
    for found, n, mask in zip(labels, numbers, masks, strict=True):
        want, n_wanted = ndimage.label(mask, structure)
        assert n == n_wanted
        np.testing.assert_array_equal(found, want)
    if min(shape) > 3:
        assert numbers.max() > 1


def test_the_widest_connectivity_is_the_default() -> None:
    diagonal = np.eye(3, dtype=bool)
    assert connected_components(diagonal)[1] == 1
    assert connected_components(diagonal, 4)[1] == 3


def test_what_cannot_be_meant_is_refused() -> None:
    mask = np.ones((2, 2), bool)
    with pytest.raises(ValueError, match="connectivity=6; expected 4 or 8 for 2 axes"):
        connected_components(mask, 6)
    with pytest.raises(TypeError, match="mask is int64; expected bool"):
        connected_components(np.ones((2, 2), np.int64))
    with pytest.raises(ValueError, match=r"mask has shape \(4,\)"):
        connected_components(np.ones(4, bool))
