"""Small volumes of many kinds, and how to cut them."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

CONSTRUCTIONS = ("T", "V")


def slabs_of(volume: np.ndarray, cuts: list[int]) -> list[np.ndarray]:
    parts = np.split(volume, sorted(cut % (len(volume) + 1) for cut in cuts))
    return [part for part in parts if len(part)]


@st.composite
def volumes(draw: st.DrawFn) -> np.ndarray:
    shape = draw(st.tuples(st.integers(1, 8), st.integers(1, 6), st.integers(1, 6)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    kind = draw(st.sampled_from(["few", "bytes", "noise", "absent", "gone", "smooth"]))
    if kind == "few":
        return rng.integers(0, 3, shape).astype(np.int16)
    if kind == "bytes":
        return rng.integers(0, 6, shape).astype(np.uint8)
    volume = rng.normal(1, 2, shape)
    if kind == "absent":
        volume[rng.random(shape) < 0.3] = np.inf
        return volume.astype(np.float32)
    if kind == "gone":
        return np.full(shape, np.inf)
    if kind == "smooth":
        for axis in range(3):
            volume = volume + np.roll(volume, 1, axis) + np.roll(volume, 2, axis)
        return volume.astype(np.float32)
    return volume


cuttings = st.lists(st.integers(0, 10), max_size=8)
