"""Names of filtrations and banks: what is read, and what is refused in one line."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from topojax.errors import ConfigError
from topojax.topology import (
    expand_filtrations,
    filtered,
    find_filtration,
    register_filtration,
)

register_filtration("tests.power", lambda image, exponent, factor=1.0: factor * image**exponent)
register_filtration("tests.ufunc", np.abs)


@pytest.mark.parametrize(
    ("name", "unsigned"),
    [
        ("intensity", ("intensity", ())),
        ("-log:1.5", ("log", (1.5,))),
        ("gaussian:2e0", ("gaussian", (2.0,))),
        ("distance", ("distance", ())),
        ("-distance:-0.5", ("distance", (-0.5,))),
        ("height:0,-1,.5", ("height", (0.0, -1.0, 0.5))),
        ("tests.power:2", ("tests.power", (2.0,))),
        ("tests.power:2,3", ("tests.power", (2.0, 3.0))),
        ("tests.ufunc", ("tests.ufunc", ())),
    ],
)
def test_a_name_is_read(name: str, unsigned: tuple[str, tuple[float, ...]]) -> None:
    found = find_filtration(name, 3)
    assert (found.name, found.unsigned) == (name, unsigned)
    assert found.is_superlevel == name.startswith("-")
    assert found.spatial_dims == 3
    assert found.finite == (unsigned[0] not in ("radial", "height"))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("gausian:1", "did you mean gaussian:s"),
        ("", "choose of intensity, gaussian:s"),
        ("--intensity", "'--intensity' is unknown"),
        ("scale-space", "'scale-space' is unknown"),
        ("intensity:1", "expected no parameters"),
        ("radial:", "finite numbers behind the colon"),
        ("gaussian", "one number s, sigma in voxels"),
        ("gaussian:1,2", "one number s"),
        ("gaussian:0", "one number s"),
        ("log:-1", "one number s"),
        ("gradient:1e9", "from 0.125 to 1000"),
        ("log:x", "finite numbers"),
        ("log:nan", "finite numbers"),
        ("log:1e999", "finite numbers"),
        ("log:1_0", "finite numbers"),
        ("log: 1", "finite numbers"),
        ("distance:1,2", "or none: Otsu's"),
        ("distance:1e39", "within float32's range"),
        ("height", "3 numbers, a direction"),
        ("height:1,0", "3 numbers, a direction"),
        ("height:0,0,0", "not all of them 0"),
        ("height:1e300,1e300,1e300", "a direction"),
        ("tests.power", "parameters of its function"),
        ("tests.power:1,2,3", "parameters of its function"),
        ("x" * 5000, "is unknown"),
        ("gaussian:" + "1" * 5000, "one number|finite"),
        (None, "expected a name"),
    ],
)
def test_a_wrong_name_is_told_in_one_line(name: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        find_filtration(name, 3)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 1000


def test_a_direction_has_as_many_numbers_as_axes() -> None:
    assert find_filtration("height:1,0", 2).spatial_dims == 2
    with pytest.raises(ConfigError, match="2 numbers, a direction"):
        find_filtration("height:1,0,0", 2)


def test_ones_own_take_parameters() -> None:
    image = np.array([[[1.0, 3.0]]], np.float32)
    np.testing.assert_array_equal(filtered(image, "tests.power:2,10"), [[[10, 90]]])
    np.testing.assert_array_equal(filtered(-image, "tests.ufunc"), image)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("log", "exists already"),
        ("tests.power", "exists already"),
        ("shape", "exists already"),
        ("a:b", "expected letters"),
        ("-a", "expected letters"),
        ("", "expected letters"),
        (3, "expected letters"),
    ],
)
def test_names_that_are_taken_or_none_cannot_be_registered(name: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        register_filtration(name, lambda image: image)


@pytest.mark.parametrize(("dims", "directions"), [(2, 8), (3, 26)])
def test_banks_become_their_members(dims: int, directions: int) -> None:
    assert expand_filtrations(["intensity"], dims) == ("intensity",)
    shape = expand_filtrations(("shape",), dims)
    assert len(set(shape)) == len(shape) == 2 + directions
    steps = {tuple(map(int, name[7:].split(","))) for name in shape if name.startswith("height")}
    assert steps == set(itertools.product((-1, 0, 1), repeat=dims)) - {(0,) * dims}
    together = expand_filtrations(["-radial", "shape", "log:7"], dims)
    assert together == ("-radial", *shape, "log:7")


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ([], "filtrations is empty"),
        ("intensity", "expected a list of names"),
        (["intensity", "scale-space"], "'intensity' is named twice"),
        (["log:1", "log:1.0"], "'log:1.0' is named twice, as 'log:1'"),
        (["intensity", "nonsense"], "'nonsense' is unknown; .*scale-space"),
        ([1], "expected a name"),
    ],
)
def test_wrong_lists_are_refused(names: list[str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        expand_filtrations(names, 2)
