"""Bars on the device are the kernels', voxel by voxel."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from topojax import kernels
from topojax.kernels.arguments import Construction
from topojax.topology.device import PersistencePairs, persistence_pairs

from .images import images_of


def _bars(pairs: PersistencePairs) -> list[tuple[int, int]]:
    used = np.asarray(pairs.is_bar)
    return sorted(zip(pairs.birth[used].tolist(), pairs.death[used].tolist(), strict=True))


# Each case is a program of its own: of each shape, one joins voxels at corners, one does not.
@pytest.mark.parametrize(
    ("shape", "last", "construction"),
    [
        ((9, 8), False, "T"),
        ((9, 8), True, "T"),
        ((5, 6, 4), False, "V"),
        ((5, 6, 4), True, "V"),
        ((1, 1, 1), False, "T"),
        ((1, 1, 1), True, "T"),
        pytest.param((9, 8), False, "V", marks=pytest.mark.slow),
        pytest.param((9, 8), True, "V", marks=pytest.mark.slow),
        pytest.param((5, 6, 4), False, "T", marks=pytest.mark.slow),
        pytest.param((5, 6, 4), True, "T", marks=pytest.mark.slow),
        pytest.param((1, 1, 1), False, "V", marks=pytest.mark.slow),
        pytest.param((1, 1, 1), True, "V", marks=pytest.mark.slow),
    ],
)
def test_bars_are_the_kernels(
    shape: tuple[int, ...], last: bool, construction: Construction, rng: np.random.Generator
) -> None:
    images, masks = images_of(shape, rng)
    dim = len(shape) - 1 if last else 0
    found = jax.vmap(lambda x, mask: persistence_pairs(x, dim, mask, construction))(images, masks)
    n_bars = 0
    for k, (image, mask) in enumerate(zip(images, masks, strict=True)):
        pairs = PersistencePairs(*(part[k] for part in found))
        _, birth, death = kernels.persistence_pairs(
            image, dim, mask=mask, construction=construction
        )
        assert _bars(pairs) == sorted(zip(birth.tolist(), death.tolist(), strict=True)), k
        assert pairs.n_bars == len(birth)
        n_bars += len(birth)
    assert n_bars > 3 or max(shape) == 1


def test_a_list_that_is_too_short_says_so() -> None:
    image = (np.indices((4, 6)).sum(axis=0) % 2).astype(np.float32)
    whole = persistence_pairs(image, 0, construction="V")
    short = persistence_pairs(image, 0, construction="V", size=5)
    assert whole.n_bars == short.n_bars == whole.is_bar.sum() == 12
    assert short.birth.tolist() == whole.birth[:5].tolist()
    assert short.is_bar.all()


def test_nan_inside_jit_gives_no_bar() -> None:
    pairs = jax.jit(lambda x: persistence_pairs(x, 0))(np.full((2, 2), np.nan, np.float32))
    assert pairs.n_bars == -1
    assert not pairs.is_bar.any()


@pytest.mark.parametrize(
    ("dim", "size", "message"),
    [(1, None, "dim=1; expected 0 or 2 for a 3-D image"), (0, 0, "size=0; expected at least 1")],
)
def test_what_cannot_be_meant_is_refused(dim: int, size: int | None, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        persistence_pairs(np.zeros((2, 2, 2), np.float32), dim, size=size)
