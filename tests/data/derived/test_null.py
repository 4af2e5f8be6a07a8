"""Data sets without signal keep everything else of the data."""

from __future__ import annotations

import numpy as np
import pytest

from topojax.data import NULLS, SPLITS, Dataset


@pytest.mark.parametrize("name", NULLS)
def test_sizes_and_class_counts_stay(discs: Dataset, name: str) -> None:
    null = NULLS[name](discs, np.random.default_rng(3))
    for split in SPLITS:
        before, after = discs.split(split), null.split(split)
        assert after.images.shape == before.images.shape
        assert after.images.dtype == np.float32
        np.testing.assert_array_equal(np.bincount(after.labels), np.bincount(before.labels))


def test_one_half_stays_as_it_is(discs: Dataset) -> None:
    shuffled = NULLS["shuffled labels"](discs, np.random.default_rng(3))
    noise = NULLS["noise images"](discs, np.random.default_rng(3))
    for split in SPLITS:
        np.testing.assert_array_equal(shuffled.split(split).images, discs.split(split).images)
        assert not np.array_equal(shuffled.split(split).labels, discs.split(split).labels)
        np.testing.assert_array_equal(noise.split(split).labels, discs.split(split).labels)
        assert 0.45 < noise.split(split).images.mean() < 0.55
