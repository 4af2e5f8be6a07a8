"""scikit-learn's conventions, for every transformer."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import sklearn
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from topojax.errors import ConfigError, DataError
from topojax.topology import (
    BettiCurve,
    EulerCurve,
    PersistenceEntropy,
    PersistenceImage,
    PersistenceLandscape,
    PersistenceSilhouette,
    roi_images,
)
from topojax.topology.transformers.transformer import RoiTransformer

TRANSFORMERS = [
    BettiCurve(n_thresholds=6),
    BettiCurve("quantile", n_thresholds=6, normalise=False),
    BettiCurve("sample", n_thresholds=6, background="zero"),
    BettiCurve("giotto", n_thresholds=6, normalise=False),
    EulerCurve(n_thresholds=6, construction="V"),
    EulerCurve("sample", n_thresholds=6, normalise=False),
    PersistenceImage(4, bandwidth=0.1),
    PersistenceLandscape(2, resolution=6),
    PersistenceSilhouette(6, weight_power=0.5),
    PersistenceEntropy(dims=(0,)),
    BettiCurve(n_thresholds=6, filtrations=("-intensity", "intensity")),
]
# Filters see what lies outside an ROI.
FILTERING = [
    BettiCurve("quantile", n_thresholds=6, filtrations=("intensity", "log:1", "-log:2")),
    BettiCurve("sample", n_thresholds=6, filtrations=["radial", "gaussian:1"], background="zero"),
    BettiCurve("giotto", n_thresholds=6, filtrations=("distance", "-radial"), normalise=False),
    EulerCurve(n_thresholds=6, filtrations=("gradient:1", "-distance")),
    PersistenceImage(4, filtrations=("intensity", "-log:1")),
    PersistenceLandscape(2, resolution=6, filtrations=("radial",)),
    PersistenceSilhouette(6, filtrations=("gaussian:1", "log:1")),
    PersistenceEntropy(filtrations=("intensity", "distance")),
]

every_transformer = pytest.mark.parametrize("transformer", TRANSFORMERS + FILTERING, ids=repr)
every_unfiltered = pytest.mark.parametrize("transformer", TRANSFORMERS, ids=repr)


@pytest.fixture(params=[(8, 7), (5, 4, 6)], ids=["2-D", "3-D"])
def images(request: pytest.FixtureRequest, rng: np.random.Generator) -> np.ndarray:
    return rng.random((5, *request.param), np.float32)


@pytest.fixture
def masks(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return rng.random(images.shape) < 0.7


@every_transformer
def test_rows_names_and_state(transformer: RoiTransformer, images: np.ndarray) -> None:
    model = clone(transformer)
    before = images.copy()
    rows = model.fit_transform(images, np.arange(5))
    np.testing.assert_array_equal(images, before)
    assert rows.dtype in (np.float32, np.float64)
    assert np.isfinite(rows).all()
    names = model.get_feature_names_out()
    assert rows.shape == (5, len(names))
    assert len(set(names)) == len(names)
    np.testing.assert_array_equal(model.transform(images[1:3]), rows[1:3])
    np.testing.assert_array_equal(clone(transformer).fit(images).transform(images), rows)


@every_transformer
def test_a_clone_has_the_parameters_and_no_state(
    transformer: RoiTransformer, images: np.ndarray
) -> None:
    fitted = clone(transformer).fit(images)
    copy = clone(fitted)
    assert copy.get_params() == transformer.get_params()
    with pytest.raises(NotFittedError):
        copy.transform(images)
    with pytest.raises(NotFittedError):
        copy.get_feature_names_out()


@every_transformer
def test_a_pickle_gives_the_same_rows(transformer: RoiTransformer, images: np.ndarray) -> None:
    fitted = clone(transformer).fit(images)
    revived = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(revived.transform(images), fitted.transform(images))


@pytest.mark.parametrize("background", ["exclude", "zero"])
@every_unfiltered
def test_masks_say_what_infinite_voxels_say(
    transformer: RoiTransformer, background: str, images: np.ndarray, masks: np.ndarray
) -> None:
    model = clone(transformer).set_params(background=background)
    by_masks = model.fit_transform(images, masks=masks)
    marked = roi_images(images, masks)
    np.testing.assert_array_equal(by_masks, model.fit_transform(marked))
    everywhere = np.ones(images.shape, bool)
    np.testing.assert_array_equal(by_masks, model.fit_transform(marked, masks=everywhere))


@every_unfiltered
def test_what_lies_outside_the_roi_does_not_matter(
    transformer: RoiTransformer, images: np.ndarray, masks: np.ndarray
) -> None:
    changed = np.where(masks, images, 7 - images)
    np.testing.assert_array_equal(
        clone(transformer).fit_transform(images, masks=masks),
        clone(transformer).fit_transform(changed, masks=masks),
    )


@every_transformer
def test_images_that_cannot_be_used_are_refused(
    transformer: RoiTransformer, images: np.ndarray
) -> None:
    model = clone(transformer).fit(images)
    with pytest.raises(DataError, match="X has NaN"):
        model.transform(np.full_like(images, np.nan))
    with pytest.raises(DataError, match="spatial axes, as in fit"):
        model.transform(images[:, 0] if images.ndim == 4 else images[:, np.newaxis])
    with pytest.raises(ConfigError, match="construction='W'; expected 'T' or 'V'"):
        clone(transformer).set_params(construction="W").fit(images)
    with pytest.raises(ConfigError, match="background=1; expected 'exclude' or 'zero'"):
        clone(transformer).set_params(background=1).fit(images)


@pytest.mark.parametrize("transformer", [BettiCurve(), EulerCurve()], ids=repr)
def test_grids_and_their_size_are_checked(transformer: RoiTransformer, images: np.ndarray) -> None:
    with pytest.raises(ConfigError, match="grid='own'; expected 'fixed' or 'quantile'"):
        clone(transformer).set_params(grid="own").fit(images)
    for n in (1, 2.0, True):
        with pytest.raises(ConfigError, match=f"n_thresholds={n}; expected a whole number"):
            clone(transformer).set_params(n_thresholds=n).fit(images)
    with pytest.raises(DataError, match="no voxel in any image"):
        clone(transformer).fit(images, masks=np.zeros(images.shape, bool))


def discs_and_rings(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Dark discs (label 0) and rings (label 1) on bright noise, (12, 9, 9)."""
    radius = np.hypot(*np.indices((9, 9)) - 4)
    labels = np.arange(12) % 2
    shapes = np.where(labels[:, None, None] == 1, np.abs(radius - 2.5) < 1, radius < 3)
    return 1 - 0.7 * shapes + 0.1 * rng.random((12, 9, 9)), labels


@every_transformer
def test_a_pipeline_can_be_searched(transformer: RoiTransformer, rng: np.random.Generator) -> None:
    X, y = discs_and_rings(rng)
    pipeline = make_pipeline(clone(transformer), StandardScaler(), LogisticRegression())
    step = pipeline.steps[0][0]
    search = GridSearchCV(pipeline, {f"{step}__construction": ["T", "V"]}, cv=2).fit(X, y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    names = search.best_estimator_[:-1].get_feature_names_out()
    assert len(names) == search.best_estimator_[-1].coef_.shape[1]


def test_betti_curves_tell_rings_from_discs(rng: np.random.Generator) -> None:
    X, y = discs_and_rings(rng)
    pipeline = make_pipeline(BettiCurve(n_thresholds=8), StandardScaler(), LogisticRegression())
    assert pipeline.fit(X[:8], y[:8]).score(X[8:], y[8:]) == 1


def test_numpy_integers_are_sizes(images: np.ndarray) -> None:
    model = BettiCurve(n_thresholds=np.int64(5), normalise=False)
    assert model.fit_transform(images).shape == (5, 5 * (images.ndim - 1))


def test_masks_pass_through_a_pipeline_that_routes_them(
    images: np.ndarray, masks: np.ndarray
) -> None:
    with sklearn.config_context(enable_metadata_routing=True):
        curve = BettiCurve(n_thresholds=6)
        routed = curve.set_fit_request(masks=True).set_transform_request(masks=True)
        pipeline = make_pipeline(routed, StandardScaler())
        rows = pipeline.fit(images, masks=masks).transform(images, masks=masks)
    expected = StandardScaler().fit_transform(
        BettiCurve(n_thresholds=6).fit_transform(images, masks=masks)
    )
    np.testing.assert_array_equal(rows, expected)
