"""Order, step and place of slices, without files."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from topojax.data.scans.dicom.stacking import Plane, Stack, stacked
from topojax.errors import DataError

from .phantoms import LPS

lengths = st.floats(0.05, 20)
angles = st.floats(-3.1, 3.1)


def planes_of(affine: np.ndarray, n: int) -> list[Plane]:
    """Return n slices along the first axis of an affine: slice, row, column (RAS+)."""
    axes = LPS @ affine[:3, :3]
    _, row, column = np.linalg.norm(axes, axis=0)
    return [
        Plane(
            str(k), LPS @ (affine @ [k, 0, 0, 1])[:3], axes[:, 2] / column, axes[:, 1] / row,
            (row, column),
        )
        for k in range(n)
    ]  # fmt: skip


def affine_of(angles: tuple[float, ...], spacing: tuple[float, ...], shift: float) -> np.ndarray:
    affine = np.eye(4)
    affine[:3, :3] = Rotation.from_euler("xyz", angles).as_matrix() * spacing
    affine[:3, 3] = shift
    return affine


@settings(max_examples=30)
@given(
    st.tuples(angles, angles, angles),
    st.tuples(lengths, lengths, lengths),
    st.floats(-300, 300),
    st.randoms(use_true_random=False),
    st.integers(2, 30),
)
def test_slices_in_any_order_have_the_place_that_they_were_cut_from(
    turned, spacing, shift, random, n
) -> None:
    affine = affine_of(turned, spacing, shift)
    planes = planes_of(affine, n)
    random.shuffle(planes)
    stack = stacked(planes, "series")
    ordered = [int(planes[i].name) for i in stack.order]
    # The normal may point either way: first to last, or last to first.
    assert ordered in (list(range(n)), list(range(n))[::-1])
    for k, i in enumerate(stack.order):
        index = [int(planes[i].name), 2, 1, 1]
        np.testing.assert_allclose(stack.affine @ [k, 2, 1, 1], affine @ index, atol=1e-6)
    np.testing.assert_allclose(stack.spacing, spacing, rtol=1e-9)
    assert not stack.notes


@settings(max_examples=30)
@given(st.tuples(angles, angles, angles), st.floats(1, 40))
def test_a_tilted_gantry_shears_the_affine(turned, tilt) -> None:
    affine = affine_of(turned, (3.0, 0.5, 0.5), 10)
    slope = np.tan(np.radians(tilt))
    affine[:3, 0] += slope * 3.0 * affine[:3, 1] / 0.5
    stack = stacked(planes_of(affine, 5), "series")
    found = stack.affine if stack.order[0] == 0 else stack.affine @ _reversed(5)
    np.testing.assert_allclose(found, affine, atol=1e-6)
    assert f"{tilt:.1f}°" in stack.notes[0]


def _reversed(n: int) -> np.ndarray:
    flip = np.diag([-1.0, 1.0, 1.0, 1.0])
    flip[0, 3] = n - 1
    return flip


def _at(*heights: float) -> list[Plane]:
    return [
        Plane(f"at {z}", np.array([0.0, 0, z]), np.eye(3)[0], np.eye(3)[1], (1.0, 1.0))
        for z in heights
    ]


REFUSED = {
    "a slice missing": (_at(0, 1, 2, 4, 5), "1 between at 2 and at 4"),
    "one of two steps": (_at(0, 1, 3), "1 between at 1 and at 3"),
    "several missing": (_at(0, 2.5, 5, 15, 17.5), "3 between at 5 and at 15"),
    "unordered": (_at(5, 0, 4, 2, 1), "1 between at 2 and at 4"),
    "uneven": (_at(0, 1, 2, 3.4, 4.4), "spaced unevenly: at 2 and at 3.4"),
    "one too near": (_at(0, 1, 1.7, 3), "spaced unevenly"),
    "one twice": (_at(0, 1, 2, 2, 3), "at 2 and at 2 lie at one position"),
    "each twice": (_at(0, 1, 2, 0, 1, 2), "lie at one position"),
    "all at one": (_at(1, 1, 1), "lie at one position"),
    "nearly at one": (_at(0, 1, 2, 2.02, 3), "lie at one position"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_positions_that_make_no_volume(case: str) -> None:
    planes, message = REFUSED[case]
    with pytest.raises(DataError, match=message) as caught:
        stacked(planes, "series")
    assert str(caught.value).startswith("series")


def _spacing(heights: tuple[float, ...]) -> Stack:
    return stacked(_at(*heights), "series")


@pytest.mark.parametrize(
    "heights", [(0, 1), (0, 1, 1.995, 3), (0, 0.33, 0.67, 1.0), (0, 0.005, 0.01), (0, 30.2, 60, 90)]
)
def test_steps_within_rounding_are_even(heights: tuple[float, ...]) -> None:
    assert np.isclose(_spacing(heights).spacing[0], heights[-1] / (len(heights) - 1))


def test_slices_beside_the_line_of_the_others() -> None:
    planes = _at(0, 1, 2, 3)
    planes[1] = Plane("aside", np.array([0.5, 0, 1.0]), np.eye(3)[0], np.eye(3)[1], (1.0, 1.0))
    with pytest.raises(DataError, match=r"aside lies 0\.5 mm beside the line"):
        stacked(planes, "series")


def test_slices_turned_or_of_other_pixels() -> None:
    planes = _at(0, 1, 2)
    turned = Plane("localiser", planes[1].position, np.eye(3)[1], np.eye(3)[2], (1.0, 1.0))
    with pytest.raises(DataError, match="localiser is turned to at 0"):
        stacked([planes[0], turned, planes[2]], "series")
    other = Plane("wide", planes[1].position, np.eye(3)[0], np.eye(3)[1], (1.0, 1.2))
    with pytest.raises(DataError, match=r"wide has pixels of 1 x 1\.2 mm, at 0 of 1 x 1 mm"):
        stacked([planes[0], other, planes[2]], "series")
