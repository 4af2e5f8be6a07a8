"""How large a final classifier becomes, before it is trained: an upper estimate."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from topojax.config import ClassifierConfig
from topojax.training.classifier.scikit_models.selection import candidates

# Bytes that skops writes: around everything, a feature's name and arrays, a tree.
_AROUND = 50_000
_FEATURE = 1_500
_TREE = 20_000
# Of a tree's node, without what it says of each class.
_NODE = 80


def classifier_size(config: ClassifierConfig, n: int, n_features: int, n_classes: int) -> int:
    """Return the bytes that a trained classifier takes in a checkpoint, at most.

    Args:
        config: the model and its settings.
        n: training samples.
        n_features: length of a row.
        n_classes: of the labels.
    """
    return _SIZES[config.model](config, n, n_features, n_classes)


def _mlp(config: ClassifierConfig, n: int, n_features: int, n_classes: int) -> int:
    widths = (n_features, *config.hidden, n_classes)
    return 4 * sum((a + 1) * b for a, b in pairwise(widths)) + 8 * n_features


def _logistic(config: ClassifierConfig, n: int, n_features: int, n_classes: int) -> int:
    return _AROUND + 8 * n_features * (n_classes + 3)


def _extra_trees(config: ClassifierConfig, n: int, n_features: int, n_classes: int) -> int:
    return _AROUND + config.n_trees * (_TREE + 2 * n * (_NODE + 8 * n_classes))


def _gradient_boosting(config: ClassifierConfig, n: int, n_features: int, n_classes: int) -> int:
    trees = config.boosting_rounds * (1 if n_classes == 2 else n_classes)
    # Depth 3: 15 nodes.
    return _AROUND + _FEATURE * n_features + trees * (_TREE + 15 * _NODE)


def _largest(config: ClassifierConfig, n: int, n_features: int, n_classes: int) -> int:
    models = {model for model, _ in candidates(config)}
    return max(_SIZES[model](config, n, n_features, n_classes) for model in models)


_SIZES: dict[str, Callable[[ClassifierConfig, int, int, int], int]] = {
    "mlp": _mlp,
    "logistic": _logistic,
    "extra-trees": _extra_trees,
    "gradient-boosting": _gradient_boosting,
    "auto": _largest,
}
