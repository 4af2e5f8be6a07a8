"""giotto-tda's Betti curves: its own numbers, and its formulas on GUDHI's bars."""

from __future__ import annotations

from pathlib import Path

import gudhi
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

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


def reduced_bars(image: np.ndarray, construction: str) -> list[np.ndarray]:
    """Bars of each dimension by GUDHI, without the oldest component, ended at the largest value."""
    cells = {"T": "top_dimensional_cells", "V": "vertices"}[construction]
    found = gudhi.CubicalComplex(**{cells: image}).persistence(min_persistence=0)
    top = image[image < np.inf].max(initial=-np.inf)
    diagrams = []
    for dim in range(image.ndim):
        bars = np.array([bar for k, bar in found if k == dim and bar[0] < np.inf]).reshape(-1, 2)
        if dim == 0:
            endless = np.flatnonzero(bars[:, 1] == np.inf)
            bars = np.delete(bars, endless[np.argsort(bars[endless, 0])][:1], axis=0)
        bars = np.minimum(bars, top)
        diagrams.append(bars[bars[:, 0] < bars[:, 1]])
    return diagrams


@settings(max_examples=150, deadline=None)
@given(image=st.one_of(WHOLE, HOLED), construction=st.sampled_from("TV"), n=st.integers(1, 9))
def test_curves_equal_giottos_formulas_on_gudhis_bars(
    image: np.ndarray, construction: str, n: int
) -> None:
    curves, grids = giotto_betti_curves(image, n, construction=construction)
    diagrams = [
        bars if len(bars) else np.zeros((1, 2)) for bars in reduced_bars(image, construction)
    ]
    longest = max(bars[:, 1].max() for bars in diagrams)
    for bars, curve, grid in zip(diagrams, curves, grids, strict=True):
        low, high = bars[:, 0].min(), bars[:, 1].max()
        expected = np.linspace(low, high if low < high else longest, n)
        np.testing.assert_array_equal(grid, expected)
        alive = (bars[:, :1] <= expected) & (expected < bars[:, 1:])
        np.testing.assert_array_equal(curve, alive.sum(axis=0))


@settings(max_examples=50, deadline=None)
@given(image=HOLED)
def test_the_last_bin_is_always_zero(image: np.ndarray) -> None:
    curves, _ = giotto_betti_curves(image, 5)
    assert not curves[:, -1].any()


def test_an_image_without_a_voxel_has_empty_curves_on_zeros() -> None:
    curves, grids = giotto_betti_curves(np.full((3, 3), np.inf), 4)
    np.testing.assert_array_equal(curves, np.zeros((2, 4)))
    np.testing.assert_array_equal(grids, np.zeros((2, 4)))
