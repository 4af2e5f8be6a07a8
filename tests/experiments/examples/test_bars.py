"""Longest bars: GUDHI's and ours agree, their voxels have their values, gaps are said."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest

from oracles.gudhi_bars import gudhi_bars
from topojax.config import TopologyConfig
from topojax.experiments.examples import lasting_bars
from topojax.experiments.examples.bars import _bars, _gudhi_bars
from topojax.kernels import betti_curves


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


@pytest.mark.parametrize("construction", ["T", "V"])
def test_the_bars_between_make_the_betti_curve(
    volumes: tuple[np.ndarray, np.ndarray], construction: Any
) -> None:
    config, thresholds = TopologyConfig(construction=construction), np.arange(-1.0, 41)
    for image, mask in zip(*volumes, strict=True):
        ends = _bars(image, mask, 1, config).ends
        curve = betti_curves(image, thresholds, mask=mask, construction=construction)[1]
        counted = ((ends[:, :1] <= thresholds) & (thresholds < ends[:, 1:])).sum(axis=0)
        np.testing.assert_array_equal(counted, curve)
        assert curve.max() > 5


def test_both_ways_give_the_bars_of_images(rng: np.random.Generator) -> None:
    image, mask = (
        rng.permutation(120).reshape(10, 12).astype(np.float32),
        rng.random((10, 12)) < 0.9,
    )
    config = TopologyConfig()
    for dim in range(2):
        ours, theirs = _bars(image, mask, dim, config), _gudhi_bars(image, mask, dim, config)
        # GUDHI lists components that never end apart.
        ends = ours.ends[np.isfinite(ours.ends[:, 1])] if dim == 0 else ours.ends
        assert len(ends) > 5
        wanted = theirs.ends[np.isfinite(theirs.ends[:, 1])] if dim == 0 else theirs.ends
        np.testing.assert_array_equal(np.sort(ends, axis=0), np.sort(wanted, axis=0))


def test_what_is_not_known_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    large, small = np.zeros((1, 65, 65, 65), np.float32), np.zeros((1, 3, 3, 3), np.float32)
    found = lasting_bars(large, np.ones(large.shape, bool), TopologyConfig())
    assert found.missing[0].tolist()[::2] == ["", ""]
    assert "too many for GUDHI" in found.missing[0, 1]
    assert found.counts.tolist() == [[1, -1, 0]]
    cropped = np.zeros(large.shape, bool)
    cropped[0, 5:60, 5:9, 5:9] = True
    assert (lasting_bars(large, cropped, TopologyConfig()).missing == "").all()
    monkeypatch.setitem(sys.modules, "gudhi", None)
    found = lasting_bars(small, np.ones(small.shape, bool), TopologyConfig())
    assert "pip install 'topojax[diagrams]'" in found.missing[0, 1]
    assert found.counts.tolist() == [[1, -1, 0]]


def test_voxels_that_never_enter_have_no_bar() -> None:
    absent = np.full((1, 3, 4, 5), np.inf, np.float32)
    found = lasting_bars(absent, np.ones(absent.shape, bool), TopologyConfig())
    assert found.ends.shape == found.voxels.shape == (0, 2)
    assert found.counts.tolist() == [[0, 0, 0]]
