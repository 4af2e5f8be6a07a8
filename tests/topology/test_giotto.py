"""giotto-tda's Betti curves: its own numbers, and its conventions on GUDHI's bars."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from oracles.giotto_curves import giotto_curves, giotto_diagrams, giotto_fit_grids
from topojax.topology import giotto_betti_curves, giotto_grids, reduced_steps

CASES = (
    "constant3d_6",
    "masked2d_28",
    "masked2d_64",
    "masked3d_12",
    "masked3d_28",
    "negative2d_16",
    "noise2d_28",
    "noise2d_64",
    "noise3d_12",
    "noise3d_28",
    "nonsquare3d",
    "smooth2d_28",
    "smooth2d_64",
    "smooth3d_12",
    "smooth3d_28",
    "uint8_2d_28",
    "uint8_2d_64",
    "uint8_3d_12",
    "uint8_3d_28",
)

SHAPES = st.one_of(
    st.tuples(st.integers(1, 6), st.integers(1, 6)),
    st.tuples(st.integers(1, 4), st.integers(1, 4), st.integers(1, 4)),
)
# Few values make ties; +inf makes absent voxels and bars that never end.
WHOLE = SHAPES.flatmap(lambda s: hnp.arrays(np.float64, s, elements=st.integers(-4, 4)))
HOLED = SHAPES.flatmap(
    lambda s: hnp.arrays(np.float64, s, elements=st.sampled_from([-2.0, 0.0, 0.5, 3.0, np.inf]))
)


@pytest.fixture(scope="module")
def golden(shared: Path) -> dict[str, np.ndarray]:
    path = shared / "golden" / "giotto" / "giotto.npz"
    if not path.is_file():
        pytest.skip(f"the golden file {path.name} of giotto-tda is absent")
    with np.load(path) as arrays:
        return dict(arrays)


def test_the_cases_are_all_that_the_file_has(golden: dict[str, np.ndarray]) -> None:
    assert {name.split(".")[0] for name in golden} == {*CASES, "batch3d"}


@pytest.mark.parametrize("case", CASES)
def test_one_image_equals_giotto(golden: dict[str, np.ndarray], case: str) -> None:
    curves, grids = giotto_betti_curves(golden[f"{case}.image"], 50)
    np.testing.assert_array_equal(grids, golden[f"{case}.grid"])
    np.testing.assert_array_equal(curves, golden[f"{case}.betti"])


def test_one_fit_over_three_volumes_equals_giotto(golden: dict[str, np.ndarray]) -> None:
    steps = [reduced_steps(volume) for volume in golden["batch3d.images"]]
    grids = giotto_grids(steps, 50)
    np.testing.assert_array_equal(grids, golden["batch3d.grid"])
    curves = np.stack([one.at(grids) for one in steps])
    np.testing.assert_array_equal(curves, golden["batch3d.betti"])


def smooth(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Noise summed over windows of 5."""
    noise = rng.random(shape)
    for axis in range(len(shape)):
        noise = sum(np.roll(noise, shift, axis) for shift in range(-2, 3))
    return noise.astype(np.float32)


def masked(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """A smooth image times a ball, as an image on its region of interest is handed over."""
    places = np.indices(shape).T - (np.array(shape) - 1) / 2
    inside = min(shape) / 2.2 > np.linalg.norm(places, axis=-1).T
    return smooth(rng, shape) * inside


# Made as those of the golden file are, which this machine may lack.
MADE = {
    "constant": lambda rng, shape: np.full(shape, 3.0),
    "noise": lambda rng, shape: rng.random(shape, np.float32),
    "smooth": smooth,
    "masked": masked,
    "negative": lambda rng, shape: -smooth(rng, shape),
    "bytes": lambda rng, shape: rng.integers(0, 256, shape, np.uint8),
}


@pytest.mark.parametrize("shape", [(28, 28), (19, 31), (12, 12, 12), (7, 11, 9)])
@pytest.mark.parametrize("kind", MADE)
def test_one_image_follows_giottos_conventions(
    kind: str, shape: tuple[int, ...], rng: np.random.Generator
) -> None:
    image = MADE[kind](rng, shape)
    diagrams = giotto_diagrams(image)
    curves, grids = giotto_betti_curves(image, 50)
    np.testing.assert_array_equal(grids, giotto_fit_grids([diagrams], 50))
    np.testing.assert_array_equal(curves, giotto_curves(diagrams, grids))
    assert curves.any() == (kind != "constant")


@pytest.mark.parametrize("shape", [(12, 14), (8, 9, 7)])
def test_one_fit_over_several_images_follows_giottos_conventions(
    shape: tuple[int, ...], rng: np.random.Generator
) -> None:
    images = [MADE[kind](rng, shape) for kind in ("noise", "smooth", "constant", "noise")]
    diagrams = [giotto_diagrams(image) for image in images]
    steps = [reduced_steps(image) for image in images]
    grids = giotto_grids(steps, 50)
    np.testing.assert_array_equal(grids, giotto_fit_grids(diagrams, 50))
    expected = np.stack([giotto_curves(one, grids) for one in diagrams])
    np.testing.assert_array_equal(np.stack([one.at(grids) for one in steps]), expected)
    assert expected[0].any(axis=1).all()


def test_curves_equal_giottos_conventions_on_gudhis_bars() -> None:
    counted = Counter()

    @settings(max_examples=150, deadline=None, derandomize=True)
    @given(image=st.one_of(WHOLE, HOLED), construction=st.sampled_from("TV"), n=st.integers(1, 9))
    def compare(image: np.ndarray, construction: str, n: int) -> None:
        curves, grids = giotto_betti_curves(image, n, construction=construction)
        diagrams = giotto_diagrams(image, construction)
        np.testing.assert_array_equal(grids, giotto_fit_grids([diagrams], n))
        np.testing.assert_array_equal(curves, giotto_curves(diagrams, grids))
        counted.update(np.flatnonzero(curves.any(axis=1)).tolist())

    compare()
    assert counted[0] >= 20
    assert counted[1] >= 5


@settings(max_examples=50, deadline=None)
@given(image=HOLED)
def test_the_last_bin_is_always_zero(image: np.ndarray) -> None:
    curves, _ = giotto_betti_curves(image, 5)
    assert not curves[:, -1].any()


def test_an_image_without_a_voxel_has_empty_curves_on_zeros() -> None:
    curves, grids = giotto_betti_curves(np.full((3, 3), np.inf), 4)
    np.testing.assert_array_equal(curves, np.zeros((2, 4)))
    np.testing.assert_array_equal(grids, np.zeros((2, 4)))
