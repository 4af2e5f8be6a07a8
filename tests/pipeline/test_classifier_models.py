"""The whole method with a classifier of scikit-learn: fitted, saved, read, refused."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from topojax.config import make_config
from topojax.data import Dataset
from topojax.errors import DataError, WeightsError
from topojax.pipeline import (
    Fit,
    FittedTopoCAM,
    Grounds,
    fit_on_maps,
    load_fitted,
    plan_fit,
    save_fitted,
)
from topojax.pipeline.features import kinds_of_features
from topojax.training import FittedScikit


@pytest.fixture(scope="module")
def fit(tiny: dict[str, Any], discs: Dataset, grounds: Grounds) -> Callable[..., Fit]:
    """Return a function from a model's name and settings to a fit without a search."""

    def run(model: str, **settings: Any) -> Fit:
        changes = {"search.method": "uniform", "search.tau": 0.6, "classifier.model": model}
        changes |= {f"classifier.{key}": value for key, value in settings.items()}
        config = make_config(overrides=tiny | changes)
        plan = plan_fit(config, discs.train, discs.class_names, discs.spatial_dims)
        return fit_on_maps(plan, grounds)

    return run


@pytest.fixture(scope="module")
def trees(fit: Callable[..., Fit]) -> FittedTopoCAM:
    return fit("extra-trees", n_trees=20).fitted


def _with(method: FittedTopoCAM, **changes: Any) -> FittedTopoCAM:
    """Return the method with another classifier of the topology."""
    one = method.classifiers["topology"]
    assert isinstance(one, FittedScikit)
    classifiers = {**method.classifiers, "topology": replace(one, **changes)}
    return replace(method, classifiers=classifiers)


def test_what_is_read_says_the_same(
    trees: FittedTopoCAM, test_images: np.ndarray, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    save_fitted(trees, tmp_path / "model")
    again = load_fitted(tmp_path / "model")
    before, after = trees.read(test_images), again.read(test_images)
    assert set(after.by_method) == {*kinds_of_features(trees.config), "backbone"}
    for name, probabilities in before.by_method.items():
        # The network's own: programs compiled without optimisation sum in an order of their own.
        np.testing.assert_allclose(after.by_method[name], probabilities, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(after.probabilities, before.probabilities, rtol=1e-5, atol=1e-6)
    for name, classifier in trees.classifiers.items():
        assert again.classifiers[name].choice == classifier.choice
        assert classifier.choice.settings == {"n_estimators": 20}
    assert "scikit-learn" not in caplog.text


def test_each_kind_of_features_chooses_for_itself(fit: Callable[..., Fit], tmp_path: Path) -> None:
    found = fit("auto", n_trees=5, boosting_rounds=2, selection_folds=2).fitted
    for name, classifier in found.classifiers.items():
        choice = classifier.choice
        assert choice.model in ("logistic", "extra-trees", "gradient-boosting"), name
        assert choice.cv_auc == max(trial.auc for trial in choice.trials)
    save_fitted(found, tmp_path / "model")
    again = load_fitted(tmp_path / "model")
    for name, classifier in found.classifiers.items():
        assert again.classifiers[name].choice == classifier.choice


def test_a_class_too_small_for_the_folds_is_refused_before_training(
    fit: Callable[..., Fit],
) -> None:
    with pytest.raises(DataError, match=r"classifier\.selection_folds=17"):
        fit("auto", selection_folds=17)


def test_a_checkpoint_that_would_run_code_is_refused(trees: FittedTopoCAM, tmp_path: Path) -> None:
    spy = make_pipeline(FunctionTransformer(os.getcwd))
    save_fitted(_with(trees, estimator=spy), tmp_path / "model")
    with pytest.raises(WeightsError, match="not trusted") as refused:
        load_fitted(tmp_path / "model")
    assert "\n" not in str(refused.value)


def test_another_estimator_than_the_checkpoint_says_is_refused(
    trees: FittedTopoCAM, tmp_path: Path
) -> None:
    other = trees.classifiers["roi-size"]
    assert isinstance(other, FittedScikit)
    save_fitted(_with(trees, estimator=other.estimator), tmp_path / "model")
    with pytest.raises(WeightsError, match="no extra-trees classifier of 25 features"):
        load_fitted(tmp_path / "model")


def test_another_version_is_said(
    trees: FittedTopoCAM,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(
            "topojax.training.classifier.scikit_models.fitted.library_version", lambda: "1.2.3"
        )
        save_fitted(trees, tmp_path / "model")
    with caplog.at_level(logging.WARNING):
        load_fitted(tmp_path / "model")
    assert "scikit-learn 1.2.3" in caplog.text
