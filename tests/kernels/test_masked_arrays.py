"""numpy's masked arrays: masked voxels are absent, and what cannot be absent is refused."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from topojax.kernels import (
    betti_curves,
    betti_curves_batch,
    betti_steps,
    euler_curve,
    persistence_pairs,
    region_sizes,
    regions_of_interest,
    roi_betti_curves,
)

IMAGE = np.arange(60).reshape(6, 10) % 7
HIDDEN = np.zeros((6, 10), bool)
HIDDEN[2:4, 1:5] = True
GRID = np.arange(7)
MAPS = np.random.default_rng(0).integers(0, 256, (1, 2, 6, 10)).astype(np.uint8)

CALLS: dict[str, Callable] = {
    "betti_curves": lambda image, **mask: betti_curves(image, GRID, **mask),
    "betti_steps": lambda image, **mask: betti_steps(image, **mask),
    "euler_curve": lambda image, **mask: euler_curve(image, GRID, **mask),
    "persistence_pairs": lambda image, **mask: persistence_pairs(image, 0, **mask),
}


@pytest.mark.parametrize("dtype", [np.uint8, bool, np.int64, np.float16, np.float32, np.float64])
@pytest.mark.parametrize("call", CALLS)
def test_masked_voxels_are_absent(call: str, dtype: type) -> None:
    image = IMAGE.astype(dtype)
    expected = CALLS[call](image, mask=~HIDDEN)
    got = CALLS[call](np.ma.masked_array(image, HIDDEN))
    for one, other in zip(expected, got, strict=True):
        np.testing.assert_array_equal(one, other)
    unmasked = CALLS[call](image)
    if dtype is not bool:
        assert any(not np.array_equal(a, b) for a, b in zip(expected, unmasked, strict=True))


def test_batches_and_lists_of_masked_arrays() -> None:
    masked = np.ma.masked_array(np.stack([IMAGE, IMAGE.max() - IMAGE]), [HIDDEN, ~HIDDEN])
    expected = betti_curves_batch(masked.data, GRID, masks=~masked.mask)
    np.testing.assert_array_equal(betti_curves_batch(masked, GRID), expected)
    np.testing.assert_array_equal(betti_curves_batch(list(masked), GRID), expected)


def test_a_mask_and_a_masked_array_add_up() -> None:
    masked = np.ma.masked_array(IMAGE, HIDDEN)
    np.testing.assert_array_equal(
        betti_curves(masked, GRID, mask=IMAGE > 1),
        betti_curves(IMAGE, GRID, mask=(IMAGE > 1) & ~HIDDEN),
    )


def test_what_is_under_the_mask_does_not_matter() -> None:
    expected = betti_curves(IMAGE, GRID, mask=~HIDDEN)
    for value in (np.nan, -np.inf):
        under = np.ma.masked_array(np.where(HIDDEN, value, IMAGE), HIDDEN)
        np.testing.assert_array_equal(betti_curves(under, GRID), expected)
    large = np.ma.masked_array(np.where(HIDDEN, 2**60, IMAGE), HIDDEN)
    np.testing.assert_array_equal(betti_curves(large, GRID), expected)
    with pytest.raises(ValueError, match=r"beyond 2\^53"):
        betti_curves(np.ma.masked_array(large.data, ~HIDDEN), GRID)


def test_regions_leave_masked_voxels_out() -> None:
    rule = ([[1.0, 1.0]], [0.3])
    absent = np.where(HIDDEN, np.inf, IMAGE)[np.newaxis]
    expected = roi_betti_curves(absent, MAPS, *rule, GRID)
    got = roi_betti_curves(np.ma.masked_array(IMAGE, HIDDEN)[np.newaxis], MAPS, *rule, GRID)
    np.testing.assert_array_equal(got.curves, expected.curves)


@pytest.mark.parametrize(
    "call",
    [
        lambda: betti_curves(IMAGE, np.ma.masked_array(GRID, GRID == 3)),
        lambda: betti_curves(IMAGE, GRID, mask=np.ma.masked_array(IMAGE > 2, HIDDEN)),
        lambda: regions_of_interest(np.ma.masked_array(MAPS, MAPS < 9), [1, 1], 0.5),
        lambda: region_sizes(MAPS, np.ma.masked_array([[1.0, 1.0]], [[0, 1]]), [0.5]),
    ],
    ids=["thresholds", "mask", "maps", "weights"],
)
def test_what_cannot_be_absent_is_refused(call: Callable) -> None:
    with pytest.raises(ValueError, match=r"masked values; expected none, .*filled") as caught:
        call()
    assert "\n" not in str(caught.value)


def test_a_masked_array_that_masks_nothing_is_an_array() -> None:
    whole = np.ma.masked_array(IMAGE, np.zeros_like(HIDDEN))
    expected = betti_curves(IMAGE, GRID)
    np.testing.assert_array_equal(betti_curves(whole, np.ma.masked_array(GRID)), expected)
