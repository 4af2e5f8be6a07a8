"""ROI rules: given ones, searched ones, and what a search may see of the splits."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from topojax.config import Config, make_config
from topojax.data import Dataset
from topojax.errors import ConfigError
from topojax.pipeline import Fit, FitPlan, Grounds, fit_on_maps, plan_fit
from topojax.search import OBJECTIVES


def _config(tiny: dict[str, Any], **changes: Any) -> Config:
    overrides = tiny | {key.replace("__", "."): value for key, value in changes.items()}
    return make_config(overrides=overrides)


def _plan(discs: Dataset, config: Config) -> FitPlan:
    return plan_fit(config, discs.train, discs.class_names, 2)


def _fit(grounds: Grounds, discs: Dataset, config: Config) -> Fit:
    return fit_on_maps(_plan(discs, config), grounds)


@pytest.mark.parametrize(
    ("changes", "weights"),
    [
        ({"search__method": "uniform"}, [1 / 3, 1 / 3, 1 / 3]),
        ({"search__method": "single"}, [0, 0, 1]),
        ({"search__method": "none", "search__weights": [1, 3, 0]}, [0.25, 0.75, 0]),
    ],
)
def test_given_rules(
    grounds: Grounds,
    discs: Dataset,
    tiny: dict[str, Any],
    changes: dict[str, Any],
    weights: list[float],
) -> None:
    fit = _fit(grounds, discs, _config(tiny, **changes, search__tau=0.6))
    np.testing.assert_allclose(fit.fitted.rule.weights, weights, atol=1e-7)
    assert fit.fitted.rule.tau == 0.6
    assert fit.search.evolution is None
    assert fit.search_score is None
    assert fit.n_searches == 0


def test_a_rule_of_pooled_features_is_not_searched(
    grounds: Grounds, discs: Dataset, tiny: dict[str, Any]
) -> None:
    fit = _fit(grounds, discs, _config(tiny, classifier__features="embedding"))
    assert fit.search.evolution is None
    np.testing.assert_array_equal(fit.train.probabilities, fit.train.by_method["embedding"])


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_an_objective_sees_its_splits_alone(
    grounds: Grounds, discs: Dataset, tiny: dict[str, Any], objective: str
) -> None:
    config = _config(tiny, search__objective=objective, search__tau=0.5)
    evolution = _fit(grounds, discs, config).search.evolution
    rng = np.random.default_rng(5)
    for name in ("train", "val"):
        split = getattr(grounds, name)
        shuffled = replace(split, labels=rng.permutation(split.labels))
        other = _fit(replace(grounds, **{name: shuffled}), discs, config).search.evolution
        same = np.array_equal(evolution.fitness, other.fitness)
        assert same is (name not in OBJECTIVES[objective].splits)


def test_the_device_describes_and_judges_as_the_kernels_do(
    grounds: Grounds, discs: Dataset, tiny: dict[str, Any]
) -> None:
    fits = {
        where: _fit(grounds, discs, _config(tiny, search__topology=where))
        for where in ("auto", "device")
    }
    assert fits["auto"].fitted.config.search.topology == "kernels"
    assert fits["device"].fitted.config.search.topology == "device"
    first = {where: fit.search.evolution.fitness[0] for where, fit in fits.items()}
    assert np.ptp(first["auto"]) > 0
    np.testing.assert_allclose(first["device"], first["auto"], atol=0.05)
    with pytest.raises(ConfigError, match=r"device with topology\.grid=sample"):
        _plan(discs, _config(tiny, search__topology="device", topology__grid="sample"))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"search__method": "uniform"}, "give tau"),
        ({"search__method": "none", "search__tau": 0.5}, "weights go together"),
        ({"search__weights": [1, 1, 1]}, "weights go together"),
        ({"search__method": "none", "search__tau": 0.5, "search__weights": [0, 0]}, "all zero"),
        ({"search__objective": "map-auc"}, "does not depend on tau"),
    ],
)
def test_rules_that_make_no_sense_are_refused(
    tiny: dict[str, Any], changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        _config(tiny, **changes)


def test_weights_of_other_layers_and_unknown_objectives_are_refused_before_training(
    discs: Dataset, tiny: dict[str, Any]
) -> None:
    given = {"search__method": "none", "search__tau": 0.5, "search__weights": [1, 1]}
    for changes, message in ((given, "3 layers"), ({"search__objective": "luck"}, "luck")):
        with pytest.raises(ConfigError, match=message):
            _plan(discs, _config(tiny, **changes))


def test_calibration_keeps_decisions(
    grounds: Grounds, discs: Dataset, tiny: dict[str, Any]
) -> None:
    given = {"search__method": "uniform", "search__tau": 0.5}
    fit = _fit(grounds, discs, _config(tiny, **given, classifier__calibrate=True))
    raw = fit.val.by_method["topology"]
    np.testing.assert_array_equal(fit.val.probabilities.argmax(1), raw.argmax(1))
    np.testing.assert_allclose(fit.val.probabilities.sum(1), 1, atol=1e-5)
    if fit.fitted.temperature != 1:
        assert not np.allclose(fit.val.probabilities, raw)
