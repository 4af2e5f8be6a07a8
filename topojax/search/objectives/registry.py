"""The objectives by name, and what one is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, TypeAlias

import numpy as np

from topojax.config import ClassifierConfig, SearchConfig
from topojax.errors import ConfigError
from topojax.search.data import SplitName


@dataclass(frozen=True)
class Candidates:
    """P candidates as an objective sees them.

    Attributes:
        features: float32 (P, n, n_features), raw descriptors; or float64 (P, n), the means of
            the fused maps.
        kept: bool (P, n); False leaves a sample out of training and fitness.
    """

    features: np.ndarray
    kept: np.ndarray


@dataclass(frozen=True)
class Task:
    """What all candidates have in common.

    Attributes:
        labels: int (n,) in 0 … n_classes - 1; the training split's first, if it is read.
        n_train: how many of the samples are the training split's; the others are for validation.
        n_classes: K.
        search: folds, epochs and batches of a candidate's classifier.
        classifier: what else it shares with the final one.
        seed: of folds, initial parameters and shuffles: the same for all candidates.
    """

    labels: np.ndarray
    n_train: int
    n_classes: int
    search: SearchConfig
    classifier: ClassifierConfig
    seed: int

    @property
    def train(self) -> np.ndarray:
        """Indices of the training split."""
        return np.arange(self.n_train)

    @property
    def val(self) -> np.ndarray:
        """Indices of the validation split."""
        return np.arange(self.n_train, len(self.labels))


Fitness: TypeAlias = Callable[[Candidates, Task], np.ndarray]
"""Gives float64 (P,), lower is better; NaN where a candidate cannot be judged: the worst."""

Reads: TypeAlias = Literal["descriptors", "map means"]


@dataclass(frozen=True)
class Objective:
    """A fitness and what it asks for.

    Attributes:
        name: as `search.objective` has it.
        fitness: see `Fitness`.
        splits: what it may see, in the order of the samples.
        reads: `descriptors`, of the ROIs; or `map means`, which do not depend on τ.
        is_auc: the fitness is 1 - AUC.
        is_resubstitution: classifiers are judged by the samples that they were trained on.
        note: what the report says of the scores on the splits that choices were made by; a
            sentence, or empty.
        defect: why the scores of a run mean nothing; a clause, empty where they do mean something.
    """

    name: str
    fitness: Fitness
    splits: tuple[SplitName, ...]
    reads: Reads
    is_auc: bool
    is_resubstitution: bool
    note: str
    defect: str


_RESUBSTITUTION = (
    "the search judges classifiers by the images that they were trained on, so that it rewards "
    "what can be memorised, and random labels are fitted as well"
)


_OBJECTIVES: dict[str, Objective] = {}

OBJECTIVES: Mapping[str, Objective] = MappingProxyType(_OBJECTIVES)
"""All objectives by name."""


def register_objective(
    name: str,
    fitness: Fitness,
    *,
    splits: tuple[SplitName, ...] = ("train",),
    reads: Reads = "descriptors",
    is_auc: bool = True,
    is_resubstitution: bool = False,
    note: str = "",
    defect: str | None = None,
) -> Objective:
    """Add an objective to `OBJECTIVES` and return it; see `Objective` for the arguments.

    Without a `defect`, one that judges by what was trained on is marked by a general sentence; an
    empty `defect` says that its scores mean something nevertheless.

    Raises:
        ConfigError: the name is taken, or no split is read.
    """
    if name in _OBJECTIVES:
        raise ConfigError(f"objective {name!r} exists already; choose another name")
    if not splits or len(set(splits)) != len(splits) or not set(splits) <= {"train", "val"}:
        raise ConfigError(
            f"splits={splits!r} of objective {name!r}; expected ('train',), ('val',) or "
            "('train', 'val')"
        )
    if defect is None:
        defect = _RESUBSTITUTION if is_resubstitution else ""
    objective = Objective(name, fitness, splits, reads, is_auc, is_resubstitution, note, defect)
    _OBJECTIVES[name] = objective
    return objective


def find_objective(name: str) -> Objective:
    """Return an objective by name.

    Raises:
        ConfigError: there is none of that name.
    """
    if name not in _OBJECTIVES:
        raise ConfigError(
            f"search.objective={name!r} is unknown; choose one of {', '.join(_OBJECTIVES)}"
        )
    return _OBJECTIVES[name]


def objective_score(name: str, fitness: float) -> float:
    """Return a fitness as people read it: the AUC where it is 1 - AUC, else as it is.

    Raises:
        ConfigError: there is no objective of that name.
    """
    return 1.0 - float(fitness) if find_objective(name).is_auc else float(fitness)
