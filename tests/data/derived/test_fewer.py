"""Fewer images, classes in proportion."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from topojax.data import SPLITS, Dataset, fewer_images, fewer_training_images


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


def test_every_split_is_cut_and_none_grows(discs: Dataset) -> None:
    fewer = fewer_images(discs, 7, np.random.default_rng(0))
    for split in SPLITS:
        assert len(fewer.split(split).labels) == len(fewer.split(split).images) == 7
        assert set(fewer.split(split).labels) == set(discs.split(split).labels)
    again = fewer_images(discs, 7, np.random.default_rng(0))
    np.testing.assert_array_equal(fewer.test.images, again.test.images)
    assert fewer_images(discs, 10**6, np.random.default_rng(0)).fingerprint() == discs.fingerprint()


def test_names_go_with_their_images(discs: Dataset) -> None:
    n = len(discs.val.labels)
    named = replace(discs.val, names=tuple(map(str, range(n))))
    fewer = fewer_images(replace(discs, val=named), 7, np.random.default_rng(0))
    for name, image in zip(fewer.val.names, fewer.val.images, strict=True):
        np.testing.assert_array_equal(image, discs.val.images[int(name)])
    assert fewer.test.names == ()
