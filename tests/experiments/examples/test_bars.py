"""Longest bars: GUDHI's and ours agree, and their voxels have their values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from oracles.gudhi_bars import gudhi_bars
from topojax.config import TopologyConfig
from topojax.experiments.examples import lasting_bars


@pytest.fixture
def volumes(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return volumes of few values, so that bars tie, and regions away from their edges."""
    values = rng.integers(0, 40, (2, 7, 8, 9)).astype(np.float32)
    masks = rng.random(values.shape) < 0.85
    masks[:, :, :2] = False
    return values, masks


@pytest.mark.parametrize("construction", ["T", "V"])
@pytest.mark.parametrize("background", ["exclude", "zero"])
def test_five_longest_bars_of_every_dimension_with_their_voxels(
    volumes: tuple[np.ndarray, np.ndarray], construction: Any, background: Any
) -> None:
    values, masks = volumes
    config = TopologyConfig(construction=construction, background=background)
    found = lasting_bars(values, masks, config)
    seen = np.where(masks, values, np.inf if background == "exclude" else 0)
    assert (found.missing == "").all()
    for row in range(2):
        flat, diagrams = seen[row].ravel(), gudhi_bars(seen[row], construction=construction)
        for dim in range(3):
            mine = (found.example == row) & (found.dim == dim)
            ends, voxels = found.ends[mine], found.voxels[mine]
            assert len(ends) == min(5, found.counts[row, dim])
            assert found.counts[row, dim] == len(diagrams[dim])
            lengths = ends[:, 1] - ends[:, 0]
            longest = np.sort(diagrams[dim][:, 1] - diagrams[dim][:, 0])[::-1][: len(ends)]
            np.testing.assert_array_equal(lengths, longest)
            np.testing.assert_array_equal(flat[voxels[:, 0]], ends[:, 0])
            dies = np.isfinite(ends[:, 1])
            np.testing.assert_array_equal(flat[voxels[dies, 1]], ends[dies, 1])
            assert (voxels[~dies, 1] == -1).all()
    assert (found.counts > 0).any(axis=0).all()
    assert (found.counts > 5).sum() >= 4


def test_voxels_that_never_enter_have_no_bar() -> None:
    absent = np.full((1, 3, 4, 5), np.inf, np.float32)
    found = lasting_bars(absent, np.ones(absent.shape, bool), TopologyConfig())
    assert found.ends.shape == found.voxels.shape == (0, 2)
    assert found.counts.tolist() == [[0, 0, 0]]
