"""Vectors of diagrams: closed forms, the end of the filtration, GUDHI missing."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from oracles.gudhi_bars import gudhi_bars
from topojax.errors import ConfigError, DataError
from topojax.topology import (
    PersistenceEntropy,
    PersistenceImage,
    PersistenceLandscape,
    PersistenceSilhouette,
)

# Two wells at 0 and 1 with a ridge of 3 between them, inside a row that rises to 4.
WELLS = np.array([[[0.0, 3.0, 1.0, 4.0]]])
GRID = np.linspace(0, 4, 9)


def tent(birth: float, death: float) -> np.ndarray:
    """√2 times Bubenik's function of one bar, as GUDHI scales it."""
    middle, height = (birth + death) / 2, (death - birth) / 2
    return np.sqrt(2) * np.maximum(height - np.abs(GRID - middle), 0)


def test_landscape_layers_are_the_tents_of_two_bars() -> None:
    model = PersistenceLandscape(3, resolution=9, dims=(0,))
    rows = model.fit_transform(WELLS).reshape(3, 9)
    long, short = tent(0, 4), tent(1, 3)
    np.testing.assert_allclose(rows, [np.maximum(long, short), np.minimum(long, short), 0 * GRID])


@pytest.mark.parametrize("power", [0.0, 1.0, 2.0])
def test_silhouette_is_the_weighted_mean_of_the_tents(power: float) -> None:
    model = PersistenceSilhouette(9, weight_power=power, dims=(0,))
    expected = np.average([tent(0, 4), tent(1, 3)], axis=0, weights=[4.0**power, 2.0**power])
    np.testing.assert_allclose(model.fit_transform(WELLS)[0], expected)


def test_entropy_of_two_bars() -> None:
    shares = np.array([4, 2]) / 6
    row = PersistenceEntropy().fit_transform(WELLS)[0]
    np.testing.assert_allclose(row, [-(shares * np.log(shares)).sum(), 0])


def test_persistence_image_peaks_at_the_bar() -> None:
    model = PersistenceImage(9, bandwidth=0.2, dims=(0,))
    surface = model.fit_transform(np.array([[[1.0, 5.0]]])).reshape(9, 9)
    # One component, born at the lowest value, that never ends: its length is the whole range.
    assert np.unravel_index(surface.argmax(), surface.shape) == (8, 0)
    np.testing.assert_allclose(surface.max(), 4 / (2 * np.pi * 0.2**2))


def test_bars_end_where_the_images_of_fit_end() -> None:
    model = PersistenceEntropy(dims=(0,)).fit(WELLS)
    beyond = np.where(WELLS == 4, 40.0, WELLS)
    np.testing.assert_array_equal(model.transform(beyond), model.transform(WELLS))
    above = model.transform(WELLS + 10)
    np.testing.assert_array_equal(above, [[0.0]])


def test_a_zero_background_is_a_solid_that_enters_at_zero(rng: np.random.Generator) -> None:
    images, masks = 1 + rng.random((3, 7, 7)), rng.random((3, 7, 7)) < 0.7
    for model in (PersistenceEntropy(background="zero"), PersistenceImage(5, background="zero")):
        with_masks = model.fit_transform(images, masks=masks)
        np.testing.assert_array_equal(with_masks, model.fit_transform(images * masks))


def test_three_dimensions_give_components_loops_and_cavities(rng: np.random.Generator) -> None:
    volumes = rng.random((2, 5, 5, 5))
    rows = PersistenceEntropy().fit_transform(volumes)
    names = PersistenceEntropy().fit(volumes).get_feature_names_out()
    assert names.tolist() == ["entropy0", "entropy1", "entropy2"]
    for dim in range(3):
        alone = PersistenceEntropy(dims=(dim,)).fit_transform(volumes)
        np.testing.assert_array_equal(rows[:, [dim]], alone)
    for volume, row in zip(volumes, rows, strict=True):
        lengths = np.minimum(gudhi_bars(volume)[1], volumes.max()) @ [-1, 1]
        shares = lengths[lengths > 0] / lengths.sum()
        np.testing.assert_allclose(row[1], -(shares * np.log(shares)).sum())
    for model in (PersistenceImage(3), PersistenceLandscape(2, resolution=4)):
        columns = model.fit(volumes).get_feature_names_out()
        assert model.transform(volumes).shape == (2, len(columns))
        assert {name.split("_")[0][-1] for name in columns} == {"0", "1", "2"}
    with pytest.raises(ConfigError, match=r"dims=\(3,\); expected some of \(0, 1, 2\)"):
        PersistenceEntropy(dims=(3,)).fit(volumes)


@pytest.mark.parametrize("dims", [(), (0, 0), (0, 2)])
def test_dimensions_are_checked_against_the_images(dims: tuple[int, ...]) -> None:
    with pytest.raises(ConfigError, match="dims="):
        PersistenceEntropy(dims=dims).fit(WELLS)


@pytest.mark.parametrize("transformer", [PersistenceLandscape, PersistenceSilhouette])
def test_a_missing_gudhi_is_named_with_its_extra(
    transformer: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "gudhi.representations", None)
    with pytest.raises(ConfigError, match=r"needs GUDHI.*pip install 'topojax\[diagrams\]'"):
        transformer().fit(WELLS)


def test_images_and_entropies_need_no_gudhi(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gudhi", None)
    for model in (PersistenceImage(), PersistenceEntropy()):
        assert np.isfinite(model.fit_transform(WELLS)).all()


def test_nothing_to_filter_is_refused() -> None:
    with pytest.raises(DataError, match="constant"):
        PersistenceEntropy().fit(np.ones((2, 3, 3)))


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (PersistenceImage(1), "resolution=1; expected a whole number of at least 2"),
        (PersistenceImage(bandwidth=0.0), "bandwidth=0.0; expected a finite number above 0"),
        (PersistenceImage(weight_power=-1.0), "weight_power=-1.0; expected a finite number of"),
        (PersistenceLandscape(0), "n_layers=0"),
        (PersistenceLandscape(resolution=1), "resolution=1"),
        (PersistenceSilhouette(2.5), "resolution=2.5"),
        (PersistenceSilhouette(weight_power=np.nan), "weight_power=nan"),
    ],
)
def test_parameters_out_of_range_are_refused(model: PersistenceImage, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        model.fit(WELLS)
