"""Data sets without signal keep everything else of the data."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from topojax.data import NULLS, SPLITS, Dataset, fewer_training_images


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


@given(n=st.integers(2, 40), seed=st.integers(0, 99))
@settings(max_examples=25, deadline=None)
def test_fewer_images_of_every_class_in_proportion(discs: Dataset, n: int, seed: int) -> None:
    fewer = fewer_training_images(discs, n, np.random.default_rng(seed))
    assert len(fewer.train.labels) == min(n, len(discs.train.labels))
    shares = np.bincount(discs.train.labels) / len(discs.train.labels)
    counts = np.bincount(fewer.train.labels, minlength=2)
    assert (counts >= 1).all()
    assert (np.abs(counts - shares * len(fewer.train.labels)) <= 1).all()
    # Every image kept has its own label.
    for image, label in zip(fewer.train.images, fewer.train.labels, strict=True):
        same = (discs.train.images == image).all(axis=(1, 2))
        assert label in discs.train.labels[same]
    np.testing.assert_array_equal(fewer.test.images, discs.test.images)
