"""Estimators of scikit-learn as bytes, by skops: read without running code.

skops makes no object of a type that it does not trust. It does not look into trees, whose nodes
scikit-learn follows without looking at bounds: that is done here, before anything is predicted.
"""

from __future__ import annotations

import io
import logging
import warnings
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from topojax.errors import TopojaxError, WeightsError, shown
from topojax.training.classifier.scikit_models.estimators import estimator_probabilities

_LOGGER = logging.getLogger(__name__)

# Trusted beside what skops trusts: both hold nothing but arrays, which `check_estimator` checks.
_TREES = (
    "sklearn.tree._tree.Tree",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
)


def library_version() -> str:
    """Return the version of scikit-learn that is installed."""
    import sklearn

    return sklearn.__version__


def written_estimator(estimator: Any) -> np.ndarray:
    """Return an estimator as bytes, uint8 (n_bytes,)."""
    # Importing skops imports all of scikit-learn.
    import skops.io

    return np.frombuffer(skops.io.dumps(estimator), np.uint8)


def read_estimator(blob: np.ndarray, version: str) -> Any:
    """Return the estimator that `written_estimator` made bytes of; a warning is logged where the
    version is not the one that is installed.

    Args:
        blob: uint8 (n_bytes,).
        version: of scikit-learn, that wrote it.

    Raises:
        WeightsError: damaged bytes, a type that is not trusted, or a version that cannot be read.
    """
    own = library_version()
    try:
        estimator = _read(blob.tobytes())
    except TopojaxError:
        raise
    except Exception as error:  # bytes may be anything, and so is what they lead to
        reason = shown(f"{type(error).__name__}: {error}", 200)
        raise WeightsError(
            f"a classifier written by scikit-learn {shown(version)} cannot be read with {own} "
            f"({reason}); it is damaged or of another version: fit again, or install "
            f"scikit-learn=={shown(version)}"
        ) from None
    if version != own:
        _LOGGER.warning(
            "a classifier was written by scikit-learn %s and is read with %s; its probabilities "
            "may differ: fit again, or install scikit-learn==%s",
            *(shown(version), own, shown(version)),
        )
    return estimator


def _read(data: bytes) -> Any:
    import skops.io
    from sklearn.exceptions import InconsistentVersionWarning

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        unpacked = sum(entry.file_size for entry in archive.infolist())
    # skops does not compress: what would become larger was not written by it.
    if unpacked > len(data):
        raise WeightsError(
            f"a classifier of {len(data)} bytes would become {unpacked}; it was not written by "
            "topojax: give another checkpoint, or fit again"
        )
    strange = sorted(set(skops.io.get_untrusted_types(data=data)) - set(_TREES))
    if strange:
        raise WeightsError(
            f"a classifier holds the type {shown(strange[0])}, which is not trusted; nothing was "
            "loaded: give a checkpoint of topojax, or fit again"
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InconsistentVersionWarning)  # said above, once
        return skops.io.loads(data, trusted=list(_TREES))


def check_estimator(estimator: Any, model: str, n_features: int, n_classes: int) -> None:
    """Raise WeightsError unless an estimator that was read can be asked for probabilities.

    Args:
        estimator: of whatever is in a file.
        model: what it should be, one of `SCIKIT_MODELS`.
        n_features, n_classes: lengths of a row and of its probabilities.
    """
    try:
        is_whole = _is_whole(estimator, model, n_features, n_classes)
    except Exception:  # attributes may be absent or of any kind
        is_whole = False
    if not is_whole:
        raise WeightsError(
            f"what is stored is no {shown(model)} classifier of {n_features} features and "
            f"{n_classes} classes, or a damaged one; give another checkpoint, or fit again"
        )


def _is_whole(estimator: Any, model: str, n_features: int, n_classes: int) -> bool:
    names, trees = _EXPECTED[model]
    steps = getattr(estimator, "steps", [("", estimator)])
    if tuple(type(step).__name__ for _, step in steps) != names:
        return False
    if estimator.n_features_in_ != n_features:
        return False
    if not np.array_equal(estimator.classes_, np.arange(n_classes)):
        return False
    if not all(_stays_within(*tree, n_features) for tree in trees(estimator, n_classes)):
        return False
    found = estimator_probabilities(estimator, np.zeros((1, n_features)))
    return found.shape == (1, n_classes) and bool(np.isfinite(found).all())


_Nodes = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def _stays_within(
    is_leaf: np.ndarray, left: np.ndarray, right: np.ndarray, feature: np.ndarray, n_features: int
) -> bool:
    """Tell whether every path through a tree ends in a leaf, and reads features that exist."""
    inner = ~is_leaf
    own, used = np.flatnonzero(inner), feature[inner].astype(np.int64)
    below = np.stack([left[inner], right[inner]]).astype(np.int64)
    # Children come after their parents, so that there is no way around in a circle.
    goes_down = (below > own).all() and (below < len(is_leaf)).all()
    return len(is_leaf) > 0 and bool(goes_down and (used >= 0).all() and (used < n_features).all())


def _no_trees(estimator: Any, n_classes: int) -> Iterator[_Nodes]:
    return iter(())


def _forest(estimator: Any, n_classes: int) -> Iterator[_Nodes]:
    for one in estimator.estimators_:
        tree = one.tree_
        if tree.value.shape != (tree.node_count, 1, n_classes):
            raise ValueError(f"values of shape {tree.value.shape}")
        left, right = tree.children_left, tree.children_right
        # scikit-learn takes a node for a leaf by its left child alone.
        yield left == -1, left, right, tree.feature


def _boosted(estimator: Any, n_classes: int) -> Iterator[_Nodes]:
    for round_ in estimator._predictors:
        for predictor in round_:
            nodes = predictor.nodes
            if nodes["is_categorical"].any():
                raise ValueError("a categorical feature, of which there are none")
            yield nodes["is_leaf"] != 0, nodes["left"], nodes["right"], nodes["feature_idx"]


_EXPECTED: dict[str, tuple[tuple[str, ...], Callable[[Any, int], Iterator[_Nodes]]]] = {
    "logistic": (("StandardScaler", "LogisticRegression"), _no_trees),
    "gradient-boosting": (("HistGradientBoostingClassifier",), _boosted),
    "extra-trees": (("ExtraTreesClassifier",), _forest),
}
"""By model, what its steps are called in scikit-learn, and its trees' nodes."""
