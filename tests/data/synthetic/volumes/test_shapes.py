"""Test volumes have the Betti numbers that are said of them, whichever slabs they are made in."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from topojax.data.synthetic.volumes import VolumePlan, known_curves
from topojax.data.synthetic.volumes.cells import all_cells
from topojax.errors import ConfigError
from topojax.kernels import betti_curves, betti_curves_batch

LENGTHS = st.integers(16, 70)


@pytest.mark.parametrize("construction", ["T", "V"])
def test_every_object_has_the_numbers_of_its_table(construction) -> None:
    cells = all_cells()
    objects = cells.levels[: cells.n_objects].astype(np.float32)
    found = betti_curves_batch(objects, np.arange(4.0), construction=construction)
    np.testing.assert_array_equal(found, cells.betti[: cells.n_objects])
    assert {tuple(one) for one in found[:, :, 0].tolist()} == {
        (0, 0, 0), (1, 0, 0), (1, 0, 1), (1, 1, 0), (2, 0, 0),
    }  # fmt: skip


def test_no_object_touches_the_next_cube() -> None:
    cells = all_cells()
    inner = (slice(None), *(slice(1, -1),) * 3)
    border = cells.levels.copy()
    border[inner] = 4
    touching = (border < 4).any(axis=(1, 2, 3))
    assert not touching[: cells.n_objects].any()
    assert touching[cells.n_objects :].any()


@settings(max_examples=25)
@given(
    shape=st.tuples(LENGTHS, LENGTHS, LENGTHS),
    seed=st.integers(0, 2**32),
    dtype=st.sampled_from(["float32", "uint8"]),
    construction=st.sampled_from(["T", "V"]),
)
def test_the_kernel_counts_what_is_known(
    shape: tuple[int, int, int], seed: int, dtype, construction
) -> None:
    plan = VolumePlan(shape, "shapes", dtype, seed)
    volume, known = plan.planes(0, shape[0]), plan.known()
    found = betti_curves(volume, known.thresholds, construction=construction)
    np.testing.assert_array_equal(found, known.betti)
    between = np.linspace(-0.1, 1.1, 14) * known.thresholds[-1]
    found = betti_curves(volume, between, construction=construction)
    np.testing.assert_array_equal(found, known_curves(plan, between))


def test_a_rod_is_one_component_of_many_columns() -> None:
    plan = VolumePlan((48, 32, 64), seed=2)
    # Of the second row of cubes, all of it a rod.
    volume = plan.planes(0, 48)[:, 16:]
    found = betti_curves(volume, plan.known().thresholds)
    assert found.tolist() == [[0, 0, 1, 1, 1], [0] * 5, [0] * 5]
    middle = betti_curves(volume[20:28], plan.known().thresholds)
    assert middle[0].tolist() == [0, 0, 4, 4, 1]
    for plane in (0, 47):
        assert (volume[plane] < 1).any() == (plane == 0)


@settings(max_examples=15)
@given(
    kind=st.sampled_from(["shapes", "smooth", "noise"]),
    dtype=st.sampled_from(["float32", "uint8"]),
    seed=st.integers(0, 99),
    cuts=st.sets(st.integers(1, 39), max_size=4),
)
def test_slabs_are_pieces_of_the_whole(kind, dtype, seed: int, cuts: set[int]) -> None:
    plan = VolumePlan((40, 20, 37), kind, dtype, seed)
    ends = [0, *sorted(cuts), 40]
    slabs = [plan.planes(*some) for some in pairwise(ends)]
    whole = plan.planes(0, 40)
    assert (whole.dtype, whole.shape) == (np.dtype(dtype), plan.shape)
    np.testing.assert_array_equal(np.concatenate(slabs), whole)
    assert whole.min() >= 0
    assert whole.max() <= (1 if dtype == "float32" else 255)
    assert whole.min() < whole.max()
    other = VolumePlan((40, 20, 37), kind, dtype, seed + 1).planes(0, 40)
    assert (other != whole).any()


def test_waves_are_smooth_and_noise_is_not() -> None:
    smooth, noise = (VolumePlan((20, 30, 30), kind).planes(0, 20) for kind in ("smooth", "noise"))
    steps = [np.abs(np.diff(volume, axis=0)).max() for volume in (smooth, noise)]
    assert steps[0] < 0.2 < 0.9 < steps[1]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (((16, 15, 16),), r"shape=\(16, 15, 16\) of kind shapes; expected three axes of 16"),
        (((4, 0, 4), "noise"), "expected three axes of 1"),
        (((16, 16),), "expected three axes"),
        (((16, 16, 16), "cubes"), "kind='cubes' is unknown; choose one of shapes, smooth, noise"),
        (((16, 16, 16), "shapes", "int16"), "dtype='int16' is unknown"),
        (((16, 16, 16), "shapes", "uint8", -1), "seed=-1"),
    ],
)
def test_other_plans_are_refused(arguments: tuple, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        VolumePlan(*arguments)
    with pytest.raises(ConfigError, match="kind='noise' has no known Betti curves"):
        known_curves(VolumePlan((1, 1, 1), "noise"), np.array([1.0]))
