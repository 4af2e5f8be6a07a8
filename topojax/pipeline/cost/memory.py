"""The memory that a fit needs, estimated before it begins.

A lower estimate: of what grows with the configuration and is held at once while candidates are
judged. What a network needs to be trained is not in it, nor are validation images.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from itertools import pairwise

from topojax.config import ClassifierConfig
from topojax.errors import ConfigError
from topojax.training.classifier.size import classifier_size

_GB = 10**9
# Of a number of a curve: int32, float64 where it is divided by the region's size, float32.
_CURVE_BYTES = 16
# Of a feature of a row, float64: what scikit-learn is given, and its own copy.
_FEATURE_BYTES = 16
# Of a parameter, float32: itself, its gradient and Adam's two moments.
_PARAMETER_BYTES = 16

_SMALLER = {
    "images": "size, or fit on fewer images",
    "maps": "cam.memory_mb, which keeps them in a file",
    "descriptors": "search.population_per_gene or topology.n_thresholds",
    "classifiers": "classifier.hidden, classifier.n_trees or topology.n_thresholds",
}


@dataclass(frozen=True)
class MemoryNeed:
    """Bytes that are held at once.

    Attributes:
        images: of the training split, and of it under all filtrations, where they are not kept in
            files.
        maps: theirs, where they are not kept in a file.
        descriptors: of all candidates of a generation.
        classifiers: those that are trained at once, with gradients and moments, or the final one
            where that is larger.
    """

    images: int
    maps: int
    descriptors: int
    classifiers: int

    @property
    def total(self) -> int:
        """Bytes of all of it."""
        return sum(astuple(self))


def curve_bytes(n_rows: int, n_dims: int, n_thresholds: int) -> int:
    """Return the bytes of so many rows of descriptors while they are made."""
    return n_rows * n_dims * n_thresholds * _CURVE_BYTES


def classifier_bytes(widths: tuple[int, ...]) -> int:
    """Return the bytes of one classifier in training; `widths` as in `classifier_parameters`."""
    return classifier_parameters(widths) * _PARAMETER_BYTES


def classifier_parameters(widths: tuple[int, ...]) -> int:
    """Return how many numbers of a classifier are trained.

    Args:
        widths: of its layers, from features to classes.
    """
    return sum((a + 1) * b for a, b in pairwise(widths))


def final_classifier_bytes(
    config: ClassifierConfig, n: int, n_features: int, n_classes: int
) -> int:
    """Return the bytes of the final classifier and of what it is given of n training samples."""
    if config.model == "mlp":
        return classifier_bytes((n_features, *config.hidden, n_classes))
    trained = classifier_size(config, n, n_features, n_classes)
    return trained + n * n_features * _FEATURE_BYTES


def check_memory(need: MemoryNeed, available: int) -> None:
    """Raise ConfigError where a fit needs more memory than there is."""
    if need.total <= available:
        return
    parts = {name: getattr(need, name) for name in _SMALLER}
    listed = ", ".join(f"{name} {size / _GB:.1f}" for name, size in parts.items())
    largest = max(parts, key=lambda name: parts[name])
    raise ConfigError(
        f"the fit needs at least {need.total / _GB:.1f} GB of memory at once ({listed}), and there "
        f"are {available / _GB:.1f}; lower {_SMALLER[largest]}"
    )
