"""Estimators as bytes: the same after reading, and nothing runs or crashes that is read."""

from __future__ import annotations

import io
import logging
import os
import zipfile
from typing import Any

import numpy as np
import pytest
import skops.io
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from topojax.config import ClassifierConfig
from topojax.errors import WeightsError
from topojax.training import FittedScikit, fit_classifier, restore_classifier
from topojax.training.classifier.scikit_models.persistence import check_estimator, read_estimator

MODELS = ("logistic", "extra-trees", "gradient-boosting")


def _fit(model: str, n_classes: int, small: ClassifierConfig) -> tuple[FittedScikit, np.ndarray]:
    draws = np.random.default_rng(0)
    labels = np.arange(90) % n_classes
    x = (draws.standard_normal((90, 20)) + labels[:, None]).astype(np.float32)
    config = small.model_copy(update={"model": model})
    classifier = fit_classifier(0, x, labels, n_classes, config)
    assert isinstance(classifier, FittedScikit)
    return classifier, x


def _restored(classifier: FittedScikit, **changes: Any) -> Any:
    arrays = classifier.arrays()
    stored = {**classifier.to_json(), "n_bytes": arrays["skops"].nbytes, **changes}
    return restore_classifier(
        arrays, stored, classifier.n_features, classifier.n_classes, ClassifierConfig()
    )


@pytest.mark.parametrize("model", [*MODELS, "auto"])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_probabilities_are_the_same_bit_for_bit(
    model: str, n_classes: int, small: ClassifierConfig, caplog: pytest.LogCaptureFixture
) -> None:
    classifier, x = _fit(model, n_classes, small)
    again = _restored(classifier)
    np.testing.assert_array_equal(again.probabilities(x), classifier.probabilities(x))
    assert again.choice == classifier.choice
    assert caplog.records == []


def test_another_version_is_read_with_a_warning(
    small: ClassifierConfig, caplog: pytest.LogCaptureFixture
) -> None:
    classifier, x = _fit("logistic", 2, small)
    with caplog.at_level(logging.WARNING):
        again = _restored(classifier, **{"scikit-learn": "1.0.2"})
    np.testing.assert_array_equal(again.probabilities(x), classifier.probabilities(x))
    (said,) = caplog.messages
    assert "scikit-learn 1.0.2" in said
    assert str(classifier.to_json()["scikit-learn"]) in said


def test_damaged_bytes_are_one_line(small: ClassifierConfig) -> None:
    whole = _fit("extra-trees", 2, small)[0].arrays()["skops"]
    damages = {
        "cut": whole[: len(whole) // 2],
        "empty": whole[:0],
        "zeros": np.zeros_like(whole),
        "a byte": np.where(np.arange(len(whole)) == 600, whole ^ 255, whole),
    }
    for name, blob in damages.items():
        with pytest.raises(WeightsError, match=r"scikit-learn 1\.0 cannot be read") as refused:
            read_estimator(blob, "1.0")
        assert "\n" not in str(refused.value), name
        assert refused.value.__cause__ is None


def test_types_that_are_not_trusted_are_refused_by_name() -> None:
    spy = make_pipeline(FunctionTransformer(os.getcwd), StandardScaler())
    blob = np.frombuffer(skops.io.dumps(spy), np.uint8)
    with pytest.raises(WeightsError, match=r"holds the type \S*getcwd, which is not trusted"):
        read_estimator(blob, "1.0")


def test_what_would_become_larger_is_refused(small: ClassifierConfig) -> None:
    whole = _fit("extra-trees", 2, small)[0].arrays()["skops"]
    packed = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(whole.tobytes())) as source,
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for entry in source.infolist():
            target.writestr(entry.filename, source.read(entry))
    with pytest.raises(WeightsError, match="would become"):
        read_estimator(np.frombuffer(packed.getvalue(), np.uint8), "1.0")


def _nodes(classifier: FittedScikit) -> dict[str, np.ndarray]:
    estimator = classifier.estimator
    if isinstance(estimator, ExtraTreesClassifier):
        tree = estimator.estimators_[-1].tree_
        return {"left": tree.children_left, "right": tree.children_right, "feature": tree.feature}
    nodes = estimator._predictors[-1][0].nodes
    return {"left": nodes["left"], "right": nodes["right"], "feature": nodes["feature_idx"]}


@pytest.mark.parametrize("model", ["extra-trees", "gradient-boosting"])
@pytest.mark.parametrize(
    ("field", "value"),
    [("left", 10**6), ("right", 10**6), ("left", 0), ("right", 0), ("feature", 20)],
)
def test_trees_that_lead_nowhere_are_refused(
    model: str, field: str, value: int, small: ClassifierConfig
) -> None:
    classifier, _ = _fit(model, 2, small)
    assert _restored(classifier).n_features == 20
    _nodes(classifier)[field][0] = value
    with pytest.raises(WeightsError, match=f"no {model} classifier of 20 features and 2 classes"):
        _restored(classifier)


@pytest.mark.parametrize("model", MODELS)
def test_another_model_or_shape_is_refused(model: str, small: ClassifierConfig) -> None:
    estimator = _fit(model, 2, small)[0].estimator
    check_estimator(estimator, model, 20, 2)
    others = [(other, 20, 2) for other in MODELS if other != model]
    for expected in ((model, 19, 2), (model, 20, 3), *others):
        with pytest.raises(WeightsError, match=r"no .* classifier of"):
            check_estimator(estimator, *expected)
    with pytest.raises(WeightsError):
        check_estimator(StandardScaler(), model, 20, 2)
