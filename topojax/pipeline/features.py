"""What classifiers are trained on: the method's features, and those it must be measured against.

The size of the ROI and the predicted class are by-products of the network. A reader who sees their
scores beside TopoCAM's knows how much of it is topology.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from topojax.config import Config
from topojax.pipeline.observation import Observation
from topojax.training import (
    FittedClassifier,
    classifier_probabilities,
    fit_classifier,
    fit_stacked_classifier,
)

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
    "intensity": lambda seen: seen.descriptors.only("intensity").matrix(),
    "whole-intensity": lambda seen: seen.whole.only("intensity").matrix(),
    "roi-size": lambda seen: seen.descriptors.voxels[:, None].astype(np.float32),
    "predicted-class": _predicted_class,
    "topology+logits": lambda seen: np.concatenate([seen.descriptors.matrix(), seen.logits], 1),
    "whole-image+logits": lambda seen: np.concatenate([seen.whole.matrix(), seen.logits], 1),
}
"""By name, float32 (n, n_features): φ on the ROI; the pooled features; both; φ of the whole image
(the paper's Topo-Original); volumes of the sublevel sets of both, which know nothing of topology;
of a bank, what intensity alone says of both, on the bank's own ROI; V' alone; the network's
decision alone; and, for stacks, the network's logits after φ."""

STACKS = ("topology+logits", "whole-image+logits")
"""Those of `FEATURES` whose classifiers are stacks. They need logits of unseen images."""

_OF_INTENSITY = ("intensity", "whole-intensity")
"""Those of `FEATURES` that are a part of a bank with intensity and others."""


def kinds_of_features(config: Config) -> tuple[str, ...]:
    """Return which of `FEATURES` classifiers are trained on.

    Stacks where there are folds; intensity alone where it is one of several filtrations.
    """
    bank = config.topology.filtrations
    is_part = len(bank) > 1 and "intensity" in bank
    left_out = {*(() if config.cam.folds > 1 else STACKS), *(() if is_part else _OF_INTENSITY)}
    return tuple(name for name in FEATURES if name not in left_out)


def feature_lengths(
    config: Config, spatial_dims: int, n_thresholds: int, n_classes: int, n_embedded: int
) -> dict[str, int]:
    """Return the number of features of each of `kinds_of_features`.

    Args:
        config: settled.
        spatial_dims: 2 or 3.
        n_thresholds: of each filtration's grid.
        n_classes: of the labels.
        n_embedded: the network's pooled features.
    """
    levels = n_thresholds * len(config.topology.filtrations)
    phi = (spatial_dims + config.topology.volumes) * levels + 1
    alone = (spatial_dims + config.topology.volumes) * n_thresholds + 1
    lengths = {
        "topology": phi,
        "embedding": n_embedded,
        "topology+embedding": phi + n_embedded,
        "whole-image": phi,
        "volumes": levels + 1,
        "whole-volumes": levels + 1,
        "intensity": alone,
        "whole-intensity": alone,
        "roi-size": 1,
        "predicted-class": n_classes,
        "topology+logits": phi + n_classes,
        "whole-image+logits": phi + n_classes,
    }
    return {name: lengths[name] for name in kinds_of_features(config)}


def fit_classifiers(
    seed: int, seen: Observation, labels: np.ndarray, n_classes: int, config: Config
) -> dict[str, FittedClassifier]:
    """Train one classifier for each of `kinds_of_features`, all alike, on the training split.

    Under `classifier.model=auto` each chooses for itself. Stacks are of a kind of their own.

    Raises:
        DataError: features are not finite, or a class has too few samples.
    """
    fits = dict.fromkeys(FEATURES, fit_classifier) | dict.fromkeys(STACKS, fit_stacked_classifier)
    return {
        name: fits[name](seed, FEATURES[name](seen), labels, n_classes, config.classifier)
        for name in kinds_of_features(config)
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
