"""Images of one axis: against GUDHI, and against runs counted one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oracles.bars import sorted_bars
from oracles.gudhi_bars import gudhi_bars
from topojax.kernels import (
    betti_curves,
    betti_curves_batch,
    betti_steps,
    euler_curve,
    persistence_pairs,
)

THRESHOLDS = np.arange(-1.5, 6.0, 0.5)

properties = settings(deadline=None, max_examples=150, derandomize=True)


@st.composite
def masked_signals(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Numbers from -1 to 5 and +inf, full of ties, and a mask with holes."""
    n = draw(st.sampled_from([1, 2, 5, 12, 40, 200]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    values = rng.integers(-1, draw(st.integers(0, 6)), n)
    signal = values.astype(draw(st.sampled_from([np.int16, np.float32, np.float64])))
    if signal.dtype.kind == "f":
        signal[rng.random(n) < 0.1] = np.inf
    return signal, rng.random(n) < draw(st.sampled_from([0.4, 0.8, 1.0]))


def runs(signal: np.ndarray, mask: np.ndarray, thresholds: np.ndarray) -> list[int]:
    """Count the runs of values that are not above each threshold."""
    below = mask & (signal < np.inf) & (signal <= thresholds[:, np.newaxis])
    begins = below & ~np.pad(below, ((0, 0), (1, 0)))[:, :-1]
    return np.count_nonzero(begins, axis=1).tolist()


@pytest.mark.parametrize("construction", ["T", "V"])
def test_all_that_is_asked_of_a_signal_is_gudhis(construction):
    seen = []

    @properties
    @given(masked_signals())
    def compare(sample):
        signal, mask = sample
        options = {"mask": mask, "construction": construction}
        want = runs(signal, mask, THRESHOLDS)
        curves = betti_curves(signal, THRESHOLDS, **options)
        assert (curves.shape, curves.dtype) == ((1, THRESHOLDS.size), np.int64)
        assert curves[0].tolist() == want
        assert euler_curve(signal, THRESHOLDS, **options).tolist() == want

        (bars,) = gudhi_bars(signal, mask, construction)
        pairs, birth, death = persistence_pairs(signal, 0, **options)
        assert sorted_bars(pairs) == sorted_bars(bars)
        assert signal[birth].tolist() == pairs[:, 0].tolist()
        assert signal[death[death >= 0]].tolist() == pairs[death >= 0, 1].tolist()
        assert mask[birth].all()

        values, betti = betti_steps(signal, **options)
        assert betti.shape == (1, values.size)
        at = np.searchsorted(values, THRESHOLDS, side="right")
        assert np.pad(betti[0], (1, 0))[at].tolist() == want
        assert np.diff(betti[0], prepend=0).all(), "a step without a change"
        seen.append(max(want))

    compare()
    assert max(seen) >= 10
    assert seen.count(0) >= 1


@pytest.mark.parametrize("grids", [(), (9,), (9, 1)])
def test_a_batch_has_the_curves_of_each(rng, grids):
    signals = rng.integers(0, 9, (9, 31)).astype(np.uint8)
    masks = rng.random((9, 31)) < 0.8
    thresholds = np.arange(10) + rng.random((*grids, 1))
    curves = betti_curves_batch(signals, thresholds, masks=masks, n_threads=2)
    assert (curves.shape, curves.dtype) == ((9, 1, 10), np.int64)
    each = np.broadcast_to(thresholds.reshape(-1, 10), (9, 10))
    for k in range(9):
        assert curves[k, 0].tolist() == runs(signals[k], masks[k], each[k])


def test_a_signal_is_an_image_of_one_row(rng):
    signal = rng.random(50)
    row = betti_curves(signal[np.newaxis], THRESHOLDS)
    np.testing.assert_array_equal(betti_curves(signal, THRESHOLDS), row[:1])
    assert not row[1].any()
    hidden = np.ma.masked_greater(signal, 0.5)
    np.testing.assert_array_equal(
        betti_curves(hidden, THRESHOLDS), betti_curves(signal, THRESHOLDS, mask=signal <= 0.5)
    )


def test_nothing_has_no_components():
    for nothing in (np.empty(0), np.full(3, np.inf)):
        assert betti_curves(nothing, [0, 1]).tolist() == [[0, 0]]
        values, betti = betti_steps(nothing)
        assert (values.shape, betti.shape) == ((0,), (1, 0))
        assert len(persistence_pairs(nothing, 0)[0]) == 0
    assert betti_curves_batch(np.empty((0, 3)), [0, 1]).shape == (0, 1, 2)


def test_a_signal_has_bars_of_dimension_0_alone():
    with pytest.raises(ValueError, match="dim=1; expected 0 for a 1-D image"):
        persistence_pairs([1, 2, 1], 1)
