"""Filtrations of many images: signs, threads, what a filter sees, what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from topojax.errors import ConfigError, DataError
from topojax.topology import expand_filtrations, filtered, filtered_bank, register_filtration

register_filtration("tests.squared", lambda image: image.astype(np.float64) ** 2)
register_filtration("tests.holes", lambda image: np.where(image > 0, image, np.inf), finite=False)
register_filtration("tests.nan", lambda image: image * np.nan)
register_filtration("tests.below", lambda image: np.full(image.shape, -np.inf), finite=False)
register_filtration("tests.infinite", lambda image: np.full(image.shape, np.inf))
register_filtration("tests.rolled", lambda image: image[1:])
register_filtration("tests.complex", lambda image: image * 1j)
register_filtration("tests.huge", lambda image: np.full(image.shape, 1e300))


def _write(image: np.ndarray) -> np.ndarray:
    image += 1
    return image


register_filtration("tests.writes", _write)

OWN = ("tests.squared", "-tests.squared", "tests.holes", "-tests.holes")


@pytest.fixture(params=[(7, 9, 8), (5, 6, 5, 7)], ids=["2-D", "3-D"])
def images(request: pytest.FixtureRequest, rng: np.random.Generator) -> np.ndarray:
    return rng.standard_normal(request.param, np.float32)


def test_a_bank_is_its_filtrations_one_by_one(images: np.ndarray) -> None:
    before = images.copy()
    dims = images.ndim - 1
    names = ("shape", "-radial", "scale-space", "-gradient:1", *OWN)
    found = list(filtered_bank(images, names))
    assert tuple(name for name, _ in found) == expand_filtrations(names, dims)
    for name, values in found:
        assert values.dtype == np.float32
        assert values.shape == images.shape
        np.testing.assert_array_equal(values, filtered(images, name, n_threads=1), err_msg=name)
    np.testing.assert_array_equal(images, before)


@pytest.mark.parametrize("name", ["intensity", "log:1.5", "distance", "radial", "tests.holes"])
def test_superlevel_is_negated_and_infinity_stays(images: np.ndarray, name: str) -> None:
    below, above = filtered(images, name), filtered(images, f"-{name}")
    np.testing.assert_array_equal(above, np.where(below == np.inf, np.inf, -below))


def test_intensity_is_the_image(images: np.ndarray) -> None:
    np.testing.assert_array_equal(filtered(images, "intensity"), images)
    whole = np.array([[[1, 2], [3, 250]]], np.uint8)
    np.testing.assert_array_equal(filtered(whole, "intensity"), whole.astype(np.float32))


@pytest.mark.parametrize("name", ["gaussian:1", "distance", "height:1,1"])
def test_an_image_is_filtered_alone(rng: np.random.Generator, name: str) -> None:
    # Several at a time in a thread, and more than one batch of them.
    images = rng.random((350, 200, 200), np.float32)
    together = filtered(images, name, n_threads=3)
    for i in (0, 1, 2, 95, 96, 97, 349):
        np.testing.assert_array_equal(together[i], filtered(images[i : i + 1], name)[0])


def test_no_images_give_no_values() -> None:
    assert filtered(np.zeros((0, 4, 4), np.float32), "log:1").shape == (0, 4, 4)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("tests.nan", r"'tests.nan' of image 0 gives nan; expected finite values"),
        ("tests.below", r"'tests.below' of image 0 gives -inf; expected finite values or \+inf"),
        ("tests.infinite", r"'tests.infinite' of image 0 gives inf"),
        ("tests.huge", r"'tests.huge' of image 0 gives inf; .* within float32"),
        ("tests.rolled", r"'tests.rolled' returned shape .* image's shape"),
        ("tests.complex", r"'tests.complex' returned .* complex"),
    ],
)
def test_what_a_filtration_must_not_return_is_told_by_its_name(
    images: np.ndarray, name: str, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        filtered(images, name)


def test_a_filtration_cannot_change_the_images(images: np.ndarray) -> None:
    with pytest.raises(ValueError, match="read-only"):
        filtered(images, "tests.writes")


def test_values_beyond_float32_are_told() -> None:
    images = np.zeros((1, 9, 9), np.float32)
    images[0, 4, 4] = 3e38
    with pytest.raises(DataError, match=r"'log:0.125' of image 0 gives .* rescale"):
        filtered(images, "log:0.125")


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.zeros((4, 4)), r"shape \(4, 4\).* expected real numbers \(n, H, W\)"),
        (np.zeros((2, 0, 4)), r"shape \(2, 0, 4\)"),
        (np.zeros((2, 3, 4), complex), "dtype complex128"),
        (np.array([[[0.0]], [[np.nan]]]), "image 1 in images holds NaN"),
        (np.array([[[np.inf]]]), "image 0 in images holds"),
        (np.array([[[1e300]]]), "beyond float32"),
        (np.ma.masked_array(np.zeros((1, 2, 2)), np.ones((1, 2, 2), bool)), "4 masked values"),
    ],
)
def test_images_that_cannot_be_filtered_are_refused(images: np.ndarray, message: str) -> None:
    with pytest.raises(DataError, match=message):
        filtered(images, "gaussian:1")


def test_arguments_are_checked_before_the_first_filter(images: np.ndarray) -> None:
    with pytest.raises(ConfigError, match="n_threads=0"):
        filtered_bank(images, ["intensity"], n_threads=0)
    with pytest.raises(ConfigError, match="'nonsense' is unknown"):
        filtered_bank(images, ["intensity", "nonsense"])
