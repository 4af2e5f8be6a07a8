"""ROI rules: given ones, several of them, and what a search may see of the splits."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from topojax import pipeline
from topojax.config import Config, make_config
from topojax.data import Dataset
from topojax.errors import ConfigError, DataError
from topojax.pipeline import Fit, FitJob, Grounds, TopoCAM, activation_maps_of, fit_on_maps
from topojax.search import OBJECTIVES


@pytest.fixture(scope="module")
def grounds(fitted: TopoCAM, discs: Dataset) -> Grounds:
    """Return the network of the fitted estimator with its maps."""
    method = fitted.fitted_
    job = FitJob(method.config, discs.class_names, 2)
    known = (method.normalisation, method.backbone)
    return Grounds(
        *known,
        discs.train,
        discs.val,
        activation_maps_of(job, *known, discs.train, "train"),
        activation_maps_of(job, *known, discs.val, "val"),
    )


def _settled(tiny: dict[str, Any], **changes: Any) -> Config:
    overrides = tiny | {key.replace("__", "."): value for key, value in changes.items()}
    return pipeline.settle(make_config(overrides=overrides), 2)


def _fit(grounds: Grounds, discs: Dataset, config: Config) -> Fit:
    return fit_on_maps(FitJob(config, discs.class_names, 2), grounds)


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
    fit = _fit(grounds, discs, _settled(tiny, **changes, search__tau=0.6))
    np.testing.assert_allclose(fit.fitted.genome.weights, weights, atol=1e-7)
    assert fit.fitted.genome.tau == 0.6
    assert fit.rule.evolutions == ()
    assert fit.rule.score is None


def test_a_rule_of_pooled_features_is_not_searched(
    grounds: Grounds, discs: Dataset, tiny: dict[str, Any]
) -> None:
    fit = _fit(grounds, discs, _settled(tiny, classifier__features="embedding"))
    assert fit.rule.evolutions == ()
    np.testing.assert_array_equal(fit.train.probabilities, fit.train.by_method["embedding"])


def test_images_follow_several_rules_in_turn(
    grounds: Grounds, discs: Dataset, tiny: dict[str, Any]
) -> None:
    fit = _fit(grounds, discs, _settled(tiny, search__searches=2, search__tau=0.6))
    assert len(fit.fitted.genomes) == len(fit.rule.evolutions) == 2
    sizes = fit.train.descriptors.voxels
    for number, genome in enumerate(fit.fitted.genomes):
        masks, _ = genome.regions(grounds.train_cams.maps)
        np.testing.assert_array_equal(masks.sum((1, 2))[number::2], sizes[number::2])


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_an_objective_sees_its_splits_alone(
    grounds: Grounds, discs: Dataset, tiny: dict[str, Any], objective: str
) -> None:
    config = _settled(tiny, search__objective=objective, search__tau=0.5)
    rule = _fit(grounds, discs, config).rule
    rng = np.random.default_rng(5)
    for name in ("train", "val"):
        split = getattr(grounds, name)
        shuffled = replace(split, labels=rng.permutation(split.labels))
        other = _fit(replace(grounds, **{name: shuffled}), discs, config).rule
        same = [
            np.array_equal(a.fitness, b.fitness)
            for a, b in zip(rule.evolutions, other.evolutions, strict=True)
        ]
        assert all(same) is (name not in OBJECTIVES[objective].splits)


def test_empty_rois_may_be_dropped_and_are_counted(
    grounds: Grounds, discs: Dataset, tiny: dict[str, Any]
) -> None:
    changes = {"cam__rescale_fused": False, "search__method": "uniform", "search__tau": 0.5}
    kept = _fit(grounds, discs, _settled(tiny, **changes))
    assert 0 < kept.train.empty.sum() < len(kept.train.empty)
    dropped = _fit(grounds, discs, _settled(tiny, **changes, topology__empty_roi="drop"))
    np.testing.assert_array_equal(kept.train.empty, dropped.train.empty)
    # The classifiers differ, since one was not trained on the empty ones.
    assert not np.array_equal(kept.train.probabilities, dropped.train.probabilities)
    with pytest.raises(DataError, match="leaves no training image"):
        _fit(
            grounds,
            discs,
            _settled(tiny, **changes | {"search__tau": 1.0}, topology__empty_roi="drop"),
        )


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
        _settled(tiny, **changes)


def test_weights_of_other_layers_and_unknown_objectives_are_refused_before_training(
    discs: Dataset, tiny: dict[str, Any]
) -> None:
    given = {"search__method": "none", "search__tau": 0.5, "search__weights": [1, 1]}
    for changes, message in ((given, "3 layers"), ({"search__objective": "luck"}, "luck")):
        with pytest.raises(ConfigError, match=message):
            pipeline.check_fit(_settled(tiny, **changes), discs.train, discs.class_names, 2)


def test_calibration_keeps_decisions(
    grounds: Grounds, discs: Dataset, tiny: dict[str, Any]
) -> None:
    given = {"search__method": "uniform", "search__tau": 0.5}
    fit = _fit(grounds, discs, _settled(tiny, **given, classifier__calibrate=True))
    raw = fit.val.by_method["topology"]
    np.testing.assert_array_equal(fit.val.probabilities.argmax(1), raw.argmax(1))
    np.testing.assert_allclose(fit.val.probabilities.sum(1), 1, atol=1e-5)
    if fit.fitted.temperature != 1:
        assert not np.allclose(fit.val.probabilities, raw)
