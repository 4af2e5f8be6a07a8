"""Pictures of images: where volumes are cut, outlines, grey values, and maps of one image."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from topojax.report import explanation_figure
from topojax.report.figures.examples import displayable, largest_roi_slices, middle_slices, outline


@settings(deadline=None, max_examples=60)
@given(hnp.arrays(bool, st.tuples(st.integers(1, 6), st.integers(1, 6))))
def test_outline_is_the_set_of_edges_between_mask_and_rest(mask: np.ndarray) -> None:
    x, y = outline(mask)
    found = {frozenset({(x[i], y[i]), (x[i + 1], y[i + 1])}) for i in range(0, len(x), 3)}
    assert len(found) == len(x) // 3
    assert np.isnan(x[2::3]).all()
    expected = set()
    for row, column in zip(*np.nonzero(mask), strict=True):
        corners = [
            (column + dx, row + dy)
            for dx, dy in ((-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5))
        ]
        # An edge that two mask pixels share is met twice and is inside.
        for one, other in zip(corners, corners[1:] + corners[:1], strict=True):
            expected ^= {frozenset({one, other})}
    assert found == expected


@settings(deadline=None, max_examples=40)
@given(hnp.arrays(bool, st.tuples(*[st.integers(1, 5)] * 3)))
def test_volumes_are_cut_where_the_roi_is_largest(mask: np.ndarray) -> None:
    for axis, (title, cut) in enumerate(largest_roi_slices(mask)):
        area = mask.sum(axis=tuple(other for other in range(3) if other != axis))
        assert mask[cut].sum() == area.max()
        assert title == f"axis {axis}, slice {cut[axis]}"


def test_empty_and_full_rois_are_cut_in_the_middle() -> None:
    for mask in (np.zeros((5, 7, 9), bool), np.ones((5, 7, 9), bool)):
        assert [cut[axis] for axis, (_, cut) in enumerate(largest_roi_slices(mask))] == [2, 3, 4]
        cuts = middle_slices(mask.shape)
        assert [cut[axis] for axis, (_, cut) in enumerate(cuts)] == [2, 3, 4]


def test_an_image_is_shown_whole() -> None:
    mask = np.eye(3, dtype=bool)
    ((title, cut),) = largest_roi_slices(mask)
    assert title == ""
    np.testing.assert_array_equal(mask[cut], mask)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("channels", [(), (1,), (2,), (3,)])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_any_image_can_be_shown(channels: tuple[int, ...], dtype: type) -> None:
    values = np.linspace(0, 200, 4 * 5 * int(np.prod(channels))).reshape(4, 5, *channels)
    shown = displayable(values.astype(dtype), 2)
    assert shown.shape == ((4, 5, 3) if channels == (3,) else (4, 5))
    assert (shown.min(), shown.max()) == (0, 1)
    constant = displayable(np.full((4, 5, *channels), 7, dtype), 2)
    assert ((constant >= 0) & (constant <= 1)).all()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("shape", "rows"), [((6, 7, 3), 1), ((4, 5, 6), 3), ((4, 5, 6, 1), 3)])
def test_an_explanation_has_one_column_a_map(
    rng: np.random.Generator, shape: tuple[int, ...], rows: int
) -> None:
    spatial = shape[:2] if rows == 1 else shape[:3]
    fused = rng.random(spatial)
    figure = explanation_figure(
        rng.integers(0, 256, shape).astype(np.uint8),
        {"layer2": rng.random(spatial), "layer3": rng.random(spatial)},
        fused,
        fused > 0.5,
        title="predicted: costs $5 or $6",
    )
    assert len(figure.axes) == rows * 4
    titles = [axes.get_title() for axes in figure.axes[:4]]
    assert titles[1:] == ["layer2", "layer3", "fused"]
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=60)
    assert buffer.getvalue().startswith(b"\x89PNG")
