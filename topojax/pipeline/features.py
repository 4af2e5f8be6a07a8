"""What classifiers are trained on: the method's features, and those it must be measured against.

The size of the ROI and the predicted class are by-products of the network. A reader who sees their
scores beside TopoCAM's knows how much of it is topology.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from topojax.config import ClassifierConfig
from topojax.pipeline.observation import Observation
from topojax.training import FittedClassifier, classifier_probabilities, fit_classifier

BACKBONE = "backbone"
"""The network's own probabilities, for which no classifier is trained."""


def _predicted_class(seen: Observation) -> np.ndarray:
    return np.eye(seen.logits.shape[1], dtype=np.float32)[seen.logits.argmax(axis=1)]


def _both(seen: Observation) -> np.ndarray:
    return np.concatenate([seen.descriptors.matrix(), seen.embeddings], axis=1)


FEATURES: dict[str, Callable[[Observation], np.ndarray]] = {
    "topology": lambda seen: seen.descriptors.matrix(),
    "embedding": lambda seen: seen.embeddings,
    "topology+embedding": _both,
    "whole-image": lambda seen: seen.whole.matrix(),
    "volumes": lambda seen: seen.descriptors.volume_matrix(),
    "whole-volumes": lambda seen: seen.whole.volume_matrix(),
    "roi-size": lambda seen: seen.descriptors.voxels[:, None].astype(np.float32),
    "predicted-class": _predicted_class,
}
"""By name, float32 (n, n_features): φ on the ROI; the pooled features; both; φ of the whole image
(the paper's Topo-Original); volumes of the sublevel sets of both, which know nothing of topology;
V' alone; the network's decision alone."""


def fit_classifiers(
    seed: int, seen: Observation, labels: np.ndarray, n_classes: int, config: ClassifierConfig
) -> dict[str, FittedClassifier]:
    """Train one classifier for each of `FEATURES`, all alike, on the training split.

    Under `classifier.model=auto` each chooses for itself.

    Raises:
        DataError: features are not finite, or a class has too few samples.
    """
    return {
        name: fit_classifier(seed, features(seen), labels, n_classes, config)
        for name, features in FEATURES.items()
    }


def probabilities_by_method(
    classifiers: dict[str, FittedClassifier], seen: Observation
) -> dict[str, np.ndarray]:
    """Return class probabilities, float32 (n, classes), of every classifier and of the network."""
    found = {
        name: classifier_probabilities(classifier, FEATURES[name](seen))
        for name, classifier in classifiers.items()
    }
    return found | {BACKBONE: softmax(seen.logits)}


def mean_probabilities(
    classifiers: dict[str, FittedClassifier], seen: Sequence[Observation]
) -> dict[str, np.ndarray]:
    """Return `probabilities_by_method`, averaged over what several networks see in n images."""
    by_network = [probabilities_by_method(classifiers, one) for one in seen]
    if len(by_network) == 1:
        return by_network[0]
    return {
        method: np.mean([found[method] for found in by_network], axis=0) for method in by_network[0]
    }


def softmax(logits: np.ndarray) -> np.ndarray:
    """Return probabilities, float32, of logits (n, classes)."""
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return (shifted / shifted.sum(axis=1, keepdims=True)).astype(np.float32)
