"""A fit by one filtration: what is filtered, what is refused, and that intensity is as ever."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from topojax.config import TopologyConfig, make_config
from topojax.data import Dataset
from topojax.errors import ConfigError, DataError
from topojax.pipeline import Grounds, fit_on_maps, plan_fit
from topojax.pipeline.filtration import filtered_images, learn_filtered_grid
from topojax.topology import filtered, fixed_grid


def test_colours_are_filtered_by_their_luma(rng: np.random.Generator) -> None:
    rgb = rng.random((2, 9, 8, 3), np.float32)
    luma = rgb @ np.array([0.299, 0.587, 0.114], np.float32)
    config = TopologyConfig(filtrations=("-log:1",))
    np.testing.assert_array_equal(filtered_images(rgb, 2, config), filtered(luma, "-log:1"))


@pytest.mark.parametrize(
    ("topology", "message"),
    [
        ({"filtrations": ["intensity", "log:1"]}, "are 2 filtrations; expected one"),
        ({"filtrations": ["scale-space"]}, "are 12 filtrations; expected one"),
        ({"filtrations": ["lug:1"]}, "did you mean log:s"),
        ({"filtrations": ["height:1,0,0"]}, "expected 2 numbers, a direction"),
        ({"filtrations": ["radial"], "grid": "sample"}, "'radial', whose values may be infinite"),
    ],
)
def test_what_no_fit_can_do_is_refused_at_once(
    discs: Dataset, topology: dict[str, Any], message: str
) -> None:
    config = make_config(overrides={f"topology.{key}": value for key, value in topology.items()})
    with pytest.raises(ConfigError, match=message):
        plan_fit(config, discs.train, discs.class_names, 2)


def test_a_filtration_without_a_range_is_named() -> None:
    values = np.ones((2, 4, 4), np.float32)
    with pytest.raises(DataError, match="values of filtration 'distance:9' are constant at 1"):
        learn_filtered_grid(values, TopologyConfig(filtrations=("distance:9",)))
    with pytest.raises(DataError, match="images are constant at 1"):
        learn_filtered_grid(values, TopologyConfig())


@pytest.mark.parametrize("name", ["-log:1", "radial"])
def test_the_whole_fit_is_of_what_was_filtered(
    grounds: Grounds, discs: Dataset, tiny: dict[str, Any], name: str
) -> None:
    config = make_config(overrides=tiny | {"topology.filtrations": [name]})
    plan = plan_fit(config, discs.train, discs.class_names, 2)
    fit = fit_on_maps(plan, grounds)
    assert fit.fitted.config.topology.filtrations == (name,)
    values = filtered(discs.train.images, name)
    np.testing.assert_array_equal(fit.fitted.grid, fixed_grid(values, 12))
    np.testing.assert_array_equal(fit.fitted.grey(discs.train.images), values)
    again = fit.fitted.read(discs.val.images)
    np.testing.assert_array_equal(again.descriptors.curves, fit.val.descriptors.curves)
    np.testing.assert_array_equal(again.whole.curves, fit.val.whole.curves)
    assert again.whole.curves.any(axis=(0, 2)).any()
