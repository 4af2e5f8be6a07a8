"""The estimator: scikit-learn's conventions, saving and loading, refusals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from topojax import TopoCAM
from topojax.checkpoint import save_checkpoint
from topojax.data import Dataset
from topojax.errors import ConfigError, DataError, RunError, WeightsError


def test_probabilities_labels_and_descriptors(fitted: TopoCAM, test_images: np.ndarray) -> None:
    probabilities = fitted.predict_proba(test_images)
    assert probabilities.shape == (20, 2)
    np.testing.assert_allclose(probabilities.sum(1), 1, atol=1e-5)
    np.testing.assert_array_equal(
        fitted.predict(test_images), fitted.classes_[probabilities.argmax(1)]
    )
    descriptors = fitted.transform(test_images)
    assert descriptors.shape == (20, 2 * 12 + 1)
    assert np.all(np.isfinite(descriptors))
    assert np.all(descriptors[:, -1] >= 1)
    assert len(fitted.get_feature_names_out()) == descriptors.shape[1]


def test_each_image_is_read_by_itself(fitted: TopoCAM, test_images: np.ndarray) -> None:
    together = fitted.transform(test_images)
    np.testing.assert_allclose(fitted.transform(test_images[7:8])[0], together[7], rtol=1e-4)


def test_fitting_again_gives_the_same(
    fitted: TopoCAM, discs: Dataset, test_images: np.ndarray
) -> None:
    again = clone(fitted).fit(
        discs.train.images, discs.train.labels, X_val=discs.val.images, y_val=discs.val.labels
    )
    np.testing.assert_array_equal(
        again.predict_proba(test_images), fitted.predict_proba(test_images)
    )


def test_saved_and_loaded_predicts_the_same(
    fitted: TopoCAM, test_images: np.ndarray, tmp_path: Path
) -> None:
    fitted.save(tmp_path / "model")
    loaded = TopoCAM.load(tmp_path / "model")
    np.testing.assert_array_equal(
        loaded.predict_proba(test_images), fitted.predict_proba(test_images)
    )
    np.testing.assert_array_equal(loaded.classes_, fitted.classes_)
    assert loaded.fitted_.config == fitted.fitted_.config
    with pytest.raises(RunError, match="exists"):
        fitted.save(tmp_path / "model")


def test_checkpoints_of_other_models_are_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="does not exist"):
        TopoCAM.load(tmp_path / "absent")
    save_checkpoint(tmp_path / "other", {"w": np.zeros(3)}, {"kind": "something else"})
    with pytest.raises(WeightsError, match="another model"):
        TopoCAM.load(tmp_path / "other")


@pytest.mark.slow
def test_labels_come_back_as_they_were_given(
    discs: Dataset, tiny: dict[str, Any], tmp_path: Path
) -> None:
    names = np.array(["disc", "ring"])
    model = TopoCAM(overrides=tiny | {"backbone.epochs": 1}).fit(
        discs.train.images,
        names[discs.train.labels],
        X_val=discs.val.images,
        y_val=names[discs.val.labels],
    )
    assert set(model.predict(discs.test.images)) <= {"disc", "ring"}
    model.save(tmp_path / "model")
    np.testing.assert_array_equal(TopoCAM.load(tmp_path / "model").classes_, ["disc", "ring"])


def test_an_unfitted_estimator_says_so(test_images: np.ndarray) -> None:
    with pytest.raises(NotFittedError):
        TopoCAM().predict(test_images)


def test_images_of_another_shape_are_refused(fitted: TopoCAM) -> None:
    with pytest.raises(DataError, match=r"\(20, 20\).*\(28, 28\)"):
        fitted.predict(np.zeros((2, 20, 20), np.float32))


def _images(n: int = 20, size: int = 28) -> np.ndarray:
    return np.random.default_rng(0).random((n, size, size), np.float32)


_LABELS = np.arange(20) % 2


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"X": np.where(_images() > 0.99, np.nan, _images())}, DataError, "NaN|finite"),
        ({"X": np.where(_images() > 0.99, np.inf, _images())}, DataError, "inf|finite"),
        ({"X": _images(size=8)}, DataError, "8"),
        ({"X": np.zeros((20, 28, 28), np.float32)}, DataError, "constant"),
        ({"y": _LABELS[:19]}, DataError, r"\(19,\)"),
        ({"y": np.zeros(20, int)}, DataError, "class"),
        ({"y": np.arange(20)}, DataError, "too few"),
        ({"X_val": _images()}, DataError, "y_val"),
        ({"X_val": _images(), "y_val": np.full(20, 7)}, DataError, "7"),
        ({"X_val": _images(), "y_val": np.zeros(20, int)}, DataError, "class"),
        ({"overrides": {"search.folds": 9}}, DataError, "search.folds"),
        ({"overrides": {"backbone.name": "r3d_18"}}, ConfigError, "resnet18"),
        ({"overrides": {"backbone.weights": "absent.npz"}}, WeightsError, "absent"),
        ({"preset": "fast"}, ConfigError, "fast"),
    ],
)
def test_bad_input_is_refused_before_any_training(
    arguments: dict, error: type[Exception], message: str
) -> None:
    arguments = {"X": _images(), "y": _LABELS} | arguments
    settings = {key: arguments.pop(key) for key in ("preset", "overrides") if key in arguments}
    X, y = arguments.pop("X"), arguments.pop("y")
    with pytest.raises(error, match=message) as caught:
        TopoCAM(**settings).fit(X, y, **arguments)
    assert "\n" not in str(caught.value)
