"""Fitness of genes: candidates, their descriptors, the objective that judges them."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass

import numpy as np

from topojax.config import Config
from topojax.errors import DataError
from topojax.search.data import LabelledMaps, SearchData
from topojax.search.objectives import (
    Candidates,
    Objective,
    Task,
    find_objective,
    fused_map_means,
)
from topojax.search.rule import decode_rules
from topojax.topology import candidate_matrix


@dataclass(frozen=True)
class EvaluationSeconds:
    """Wall-clock seconds of one generation.

    Attributes:
        topology: the regions of interest, the Betti curves on them, and descriptors of both
            (`map-auc`: means of the fused maps).
        classifiers: training and scoring.
    """

    topology: float
    classifiers: float


@dataclass(frozen=True)
class SearchInputs:
    """What an objective sees of a search's data.

    Attributes:
        parts: the splits that it reads, the training split first. They are not put together: that
            would be a copy of all images and maps.
        task: labels and what else all candidates have in common.
    """

    parts: tuple[LabelledMaps, ...]
    task: Task

    @property
    def n_layers(self) -> int:
        """L, the number of maps an image."""
        return self.parts[0].maps.shape[1]

    @classmethod
    def of(cls, data: SearchData, config: Config, seed: int) -> SearchInputs:
        """Return what `config.search.objective` sees.

        Args:
            data: images, maps and labels of training and validation split.
            config: settled.
            seed: of folds, initial parameters and shuffles.

        Raises:
            DataError: a class is absent from a split that an AUC is taken on.
        """
        objective = find_objective(config.search.objective)
        parts = data.parts(objective.splits)
        task = Task(
            labels=np.concatenate([part.labels for part in parts]),
            n_train=len(data.train.labels) if "train" in objective.splits else 0,
            n_classes=1 + max(int(split.labels.max()) for split in (data.train, data.val)),
            search=config.search,
            classifier=config.classifier,
            seed=seed,
        )
        _check_classes(objective, task)
        return cls(parts, task)


class RoiObjective:
    """Maps genes (P, G) to the fitness of the ROI rules that they stand for, float64 (P,).

    Of the two splits only what the objective reads is looked at, and how many classes there are.
    The fitness of a candidate is fixed by its genes and the seed: it depends neither on the other
    candidates nor on the number of threads.

    Args:
        data: images, maps and labels of training and validation split.
        config: settled.
        seed: of folds, initial parameters and shuffles.

    Raises:
        DataError: a class is absent from a split that an AUC is taken on.
    """

    def __init__(self, data: SearchData, config: Config, seed: int) -> None:
        self._objective = find_objective(config.search.objective)
        self._inputs = SearchInputs.of(data, config, seed)
        self._config = config
        self._seconds: EvaluationSeconds | None = None

    def __call__(self, genes: np.ndarray) -> np.ndarray:
        """Return the fitness, float64 (P,), of genes (P, G); lower is better, NaN the worst."""
        start = time.perf_counter()
        candidates = self._candidates(
            *decode_rules(genes, self._inputs.n_layers, self._config.search)
        )
        described = time.perf_counter()
        fitness = self._objective.fitness(candidates, self._inputs.task)
        self._seconds = EvaluationSeconds(described - start, time.perf_counter() - described)
        return fitness

    def seconds(self) -> dict[str, float]:
        """Return the seconds of the last call by stage; nothing before the first."""
        if self._seconds is None:
            return {}
        return {stage: round(seconds, 3) for stage, seconds in asdict(self._seconds).items()}

    def counted(self, empty: np.ndarray) -> np.ndarray:
        """Return which images count for each candidate, bool (P, n): all of them.

        Args:
            empty: bool (P, n), the regions that came out empty.
        """
        return np.ones(empty.shape, bool)

    def _candidates(self, weights: np.ndarray, taus: np.ndarray) -> Candidates:
        parts, rescale = self._inputs.parts, self._config.cam.rescale_fused
        if self._objective.reads == "map means":
            by_part = [fused_map_means(part.maps, weights, rescale=rescale) for part in parts]
            means = np.concatenate(by_part, axis=1)
            return Candidates(means, np.ones(means.shape, bool))
        topology = self._config.topology
        found = [
            candidate_matrix(part.images, part.maps, weights, taus, topology, rescale=rescale)
            for part in parts
        ]
        # Descriptors of a generation take gigabytes: no copy where there is nothing to join.
        matrix = found[0][0] if len(found) == 1 else np.concatenate([m for m, _ in found], axis=1)
        empty = np.concatenate([is_empty for _, is_empty in found], axis=1)
        return Candidates(matrix, self.counted(empty))


def _check_classes(objective: Objective, task: Task) -> None:
    scored = task.val if "val" in objective.splits else task.train
    counts = np.bincount(task.labels[scored], minlength=task.n_classes)
    if objective.is_auc and counts.min() == 0:
        raise DataError(
            f"class {int(counts.argmin())} has no sample in the {objective.splits[-1]} split, so "
            f"that search.objective={objective.name} has no AUC; give samples of every class or "
            "choose an objective that reads another split"
        )
