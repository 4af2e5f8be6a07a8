"""Grids: axes to RAS as nibabel turns them, millimetres that do not move, and the way back."""

from __future__ import annotations

import nibabel
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from topojax.config import PrepareConfig
from topojax.data.preparation import prepare, prepare_mask
from topojax.data.preparation.grid import obliquity, ras_axes
from topojax.data.scans.scan import Scan
from topojax.errors import DataError

SHAPE = (5, 6, 7)


def _rotation(rng: np.random.Generator) -> np.ndarray:
    q, r = np.linalg.qr(rng.normal(size=(3, 3)))
    return q * np.sign(np.diag(r))


def _scan(rng: np.random.Generator, shape: tuple[int, int, int] = SHAPE) -> Scan:
    spacing = (1.0, 2.0, 0.5)
    affine = np.eye(4)
    affine[:3, :3] = _rotation(rng) * np.array(spacing)
    affine[:3, 3] = rng.normal(size=3) * 30
    return Scan(rng.normal(size=shape).astype(np.float32), 3, affine, spacing)


def _places(shape: tuple[int, ...], affine: np.ndarray) -> np.ndarray:
    index = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), axis=-1)
    return index @ affine[:3, :3].T + affine[:3, 3]


@given(st.integers(0, 2**32 - 1))
def test_axes_are_turned_as_nibabel_turns_them(seed: int) -> None:
    scan = _scan(np.random.default_rng(seed))
    assert scan.affine is not None
    image = nibabel.Nifti1Image(scan.voxels, scan.affine)
    canonical = nibabel.as_closest_canonical(image)
    found = prepare(scan, PrepareConfig(), name="scan")
    # An assignment by hand of the largest cosine first, as nibabel's, may differ where all are
    # oblique by 45° or more; elsewhere the two are one.
    if obliquity(scan.affine) < 45:
        assert np.array_equal(found.voxels, canonical.get_fdata(dtype=np.float32))
        assert scan.affine @ found.grid.to_stored == pytest.approx(canonical.affine)
    axes, _ = ras_axes(scan.affine)
    assert sorted(axes) == [0, 1, 2]


@settings(max_examples=20)
@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from([None, 1.2, (1.5, 1.0, 1.5)]),
    st.sampled_from([None, (14, 19, 16), (22, 13, 28)]),
)
def test_a_point_stays_where_it_is_in_the_patient(seed, spacing, shape) -> None:
    """A linear function of the place, sampled anew, is that function of the new places."""
    rng = np.random.default_rng(seed)
    scan = _scan(rng, (20, 22, 24))
    slopes = rng.normal(size=3)
    ramp = _places(scan.shape, scan.affine) @ slopes
    scan = Scan(ramp.astype(np.float32), 3, scan.affine, scan.spacing)
    config = PrepareConfig(spacing=spacing, shape=shape)
    found = prepare(scan, config, name="scan")
    wanted = _places(found.grid.shape, scan.affine @ found.grid.to_stored) @ slopes
    # At the borders the ramp ends, and a blur of two steps at most has its say.
    stored = _places(found.grid.shape, found.grid.to_stored)
    steps = np.abs(found.grid.to_stored[:3, :3]).max(axis=1)
    reach = 1 + 2 * np.maximum(steps - 1, 0)
    inside = ((stored >= reach) & (stored <= np.array(scan.shape) - 1 - reach)).all(axis=-1)
    assert inside.sum() > 100
    assert found.voxels[inside] == pytest.approx(wanted[inside], rel=1e-3, abs=2e-2)
    if spacing is not None and shape is None:
        wanted_spacing = (spacing,) * 3 if isinstance(spacing, float) else spacing
        assert found.grid.spacing == pytest.approx(wanted_spacing)


@pytest.mark.parametrize("order", [0, 1])
@given(seed=st.integers(0, 2**32 - 1))
def test_without_interpolation_the_way_back_is_exact(order: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    scan = _scan(rng)
    found = prepare(scan, PrepareConfig(), name="scan")
    assert found.grid.back(found.voxels, order=order) == pytest.approx(scan.voxels, abs=1e-4)


def test_what_was_cropped_away_comes_back_as_outside() -> None:
    scan = Scan(np.ones((6, 6, 6), np.float32), 3, np.eye(4), (1.0, 1.0, 1.0))
    config = PrepareConfig(spacing=1.0, shape=(2, 6, 10))
    found = prepare(scan, config, name="scan")
    assert found.notes == ("144 voxels cropped away",)
    back = found.grid.back(found.voxels, order=0, outside=-1)
    assert (back[2:4] == 1).all()
    assert (back[:2] == -1).all()
    assert (back[4:] == -1).all()


def test_a_mask_goes_the_way_of_its_image() -> None:
    rng = np.random.default_rng(0)
    scan = _scan(rng)
    drawn = Scan((scan.voxels > 0).astype(np.uint8) * 2, 3, scan.affine, scan.spacing)
    config = PrepareConfig()
    found = prepare(scan, config, name="scan").voxels
    assert np.array_equal(prepare_mask(drawn, scan, config, name="mask").voxels, found > 0)
    for wrong, words in (
        (Scan(drawn.voxels * 0, 3, scan.affine, scan.spacing), "is empty"),
        (Scan(drawn.voxels[1:], 3, scan.affine, scan.spacing), "has shape"),
        (Scan(drawn.voxels, 3, scan.affine + 0.5, scan.spacing), "lies elsewhere"),
    ):
        with pytest.raises(DataError, match=words):
            prepare_mask(wrong, scan, config, name="mask")
    point = np.zeros(SHAPE, np.uint8)
    point[2, 2, 2] = 1
    with pytest.raises(DataError, match="less than half"):
        prepare_mask(
            Scan(point, 3, scan.affine, scan.spacing),
            scan,
            PrepareConfig(shape=(2, 2, 2)),
            name="mask",
        )
