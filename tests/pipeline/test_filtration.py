"""Fits by filtrations: what is filtered, what is refused, and that a bank is read as it was."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from topojax.config import TopologyConfig, make_config
from topojax.data import Dataset
from topojax.errors import ConfigError, DataError
from topojax.experiments.filtration_effects import filtration_effects
from topojax.pipeline import Grounds, fit_on_maps, load_fitted, plan_fit, save_fitted
from topojax.topology import filtered, fixed_grid, learn_filtered_images


@pytest.mark.parametrize(
    ("topology", "message"),
    [
        ({"filtrations": ["lug:1"]}, "did you mean log:s"),
        ({"filtrations": ["height:1,0,0"]}, "expected 2 numbers, a direction"),
        ({"filtrations": ["scale-space", "log:1"]}, "named twice"),
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
    with pytest.raises(DataError, match="values of filtration 'distance:9' are constant at "):
        learn_filtered_images(values, TopologyConfig(filtrations=("distance:9",)))
    with pytest.raises(DataError, match="images are constant at 1"):
        learn_filtered_images(values, TopologyConfig())


def test_one_filtration_was_named_by_its_direction() -> None:
    old = make_config(overrides={"topology.filtration": "superlevel"})
    assert old.topology.filtrations == ("-intensity",)


def test_the_whole_fit_is_of_a_bank(
    grounds: Grounds, discs: Dataset, tiny: dict[str, Any], tmp_path: Path, caplog: Any
) -> None:
    names = ["-log:1", "radial", "intensity"]
    changes = {"topology.filtrations": names, "topology.volumes": True}
    plan = plan_fit(make_config(overrides=tiny | changes), discs.train, discs.class_names, 2)
    with caplog.at_level(logging.INFO):
        fit = fit_on_maps(plan, grounds)
    assert "images by -log:1, radial, intensity" in caplog.text
    for name in names:
        values = filtered(discs.train.images, name)
        np.testing.assert_array_equal(fit.fitted.grids[name], fixed_grid(values, 12))
    # Curves of two dimensions and volumes, at 12 thresholds of 3 filtrations, and V'.
    assert fit.train.matrix().shape == (len(discs.train.labels), 3 * 3 * 12 + 1)
    save_fitted(fit.fitted, tmp_path / "model")
    again = load_fitted(tmp_path / "model").read(discs.val.images)
    np.testing.assert_array_equal(again.matrix(), fit.val.matrix())
    np.testing.assert_array_equal(again.whole.matrix(), fit.val.whole.matrix())
    np.testing.assert_allclose(again.probabilities, fit.val.probabilities, rtol=1e-4)
    # What intensity alone says is beside the bank: the same columns, last of three here.
    alone = fit.val.descriptors[0].only("intensity").matrix()
    assert fit.fitted.classifiers["intensity"].n_features == alone.shape[1] == 3 * 12 + 1
    whole_bank = fit.val.matrix()
    np.testing.assert_array_equal(alone[:, : 2 * 12], whole_bank[:, 2 * 2 * 12 : 3 * 2 * 12])
    np.testing.assert_array_equal(alone[:, -13:], whole_bank[:, -13:])
    assert again.by_method.keys() >= {"intensity", "whole-intensity"}
    effects = filtration_effects(fit, discs.train, discs.val, plan.seeds.classifier)
    assert [effect.filtration for effect in effects] == names
    for effect in effects:
        assert -1 <= effect.difference.differences["auc"].value <= 1
