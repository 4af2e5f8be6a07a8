"""Fitness of genes: candidates, their descriptors, the objective that judges them."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass

import numpy as np

from topojax.config import Config
from topojax.errors import DataError
from topojax.kernels import region_sizes
from topojax.search.genome import decode_population
from topojax.search.objectives import (
    Candidates,
    Objective,
    Task,
    find_objective,
    fused_map_means,
)
from topojax.search.splits import SearchSplits
from topojax.topology import describe_candidates

# Enough for every thread to have several; of hundreds of images a few per cent.
_TIMED_IMAGES = 32


@dataclass(frozen=True)
class EvaluationSeconds:
    """Wall-clock seconds of one generation.

    Attributes:
        mask: regions of interest (`map-auc`: means of the fused maps). One pass makes an image's
            regions and their topology, so that this is what the regions of some images take alone,
            scaled to all.
        topology: the rest of that pass, and making descriptors of Betti curves.
        classifiers: training and scoring.
    """

    mask: float
    topology: float
    classifiers: float


class RoiObjective:
    """Maps genes (P, G) to the fitness of the ROI rules that they stand for, float64 (P,).

    Of the two splits only what the objective reads is looked at, and how many classes there are.
    The fitness of a candidate is fixed by its genes and the seed: it depends neither on the other
    candidates nor on the number of threads.

    Args:
        splits: images, maps and labels of training and validation split.
        grid: shared thresholds, or None: as `config.topology.grid` has it.
        config: settled.
        seed: of folds, initial parameters and shuffles.

    Raises:
        DataError: a class is absent from a split that an AUC is taken on.
    """

    def __init__(
        self, splits: SearchSplits, grid: np.ndarray | None, config: Config, seed: int
    ) -> None:
        self._objective = find_objective(config.search.objective)
        seen = [splits[name] for name in self._objective.splits]
        self._images = _joined([split.images for split in seen])
        self._maps = _joined([split.maps for split in seen])
        self._some_maps = self._maps[:: -(-len(self._maps) // _TIMED_IMAGES)]
        self._grid, self._config = grid, config
        labels = _joined([split.labels for split in seen])
        self._task = Task(
            labels=labels,
            n_train=len(seen[0].labels) if "train" in self._objective.splits else 0,
            n_classes=1 + max(int(splits[name].labels.max()) for name in ("train", "val")),
            search=config.search,
            classifier=config.classifier,
            seed=seed,
        )
        _check_classes(self._objective, self._task)
        self._seconds: EvaluationSeconds | None = None

    def __call__(self, genes: np.ndarray) -> np.ndarray:
        """Return the fitness, float64 (P,), of genes (P, G); lower is better, NaN the worst."""
        start = time.perf_counter()
        rules = decode_population(genes, self._maps.shape[1], self._config.search)
        candidates = self._candidates(*rules)
        described = time.perf_counter()
        fitness = self._objective.fitness(candidates, self._task)
        end = time.perf_counter()
        mask = min(self._mask_seconds(*rules), described - start)
        self._seconds = EvaluationSeconds(mask, described - start - mask, end - described)
        return fitness

    def seconds(self) -> dict[str, float]:
        """Return the seconds of the last call by stage; nothing before the first."""
        if self._seconds is None:
            return {}
        return {stage: round(seconds, 3) for stage, seconds in asdict(self._seconds).items()}

    def _candidates(self, weights: np.ndarray, taus: np.ndarray) -> Candidates:
        config, rescale = self._config, self._config.cam.rescale_fused
        everything = np.ones((len(taus), len(self._images)), bool)
        if self._objective.reads == "map means":
            return Candidates(fused_map_means(self._maps, weights, rescale=rescale), everything)
        descriptors, empty = describe_candidates(
            self._images,
            self._maps,
            weights,
            taus,
            self._grid,
            config.topology,
            rescale=rescale,
        )
        kept = ~empty if config.topology.empty_roi == "drop" else everything
        return Candidates(descriptors.matrix(), kept)

    def _mask_seconds(self, weights: np.ndarray, taus: np.ndarray) -> float:
        if self._objective.reads == "map means":
            return np.inf
        if self._seconds is None:
            region_sizes(self._some_maps[:1], weights, taus)  # compiles
        start = time.perf_counter()
        region_sizes(self._some_maps, weights, taus, rescale=self._config.cam.rescale_fused)
        return (time.perf_counter() - start) * len(self._maps) / len(self._some_maps)


def _joined(parts: list[np.ndarray]) -> np.ndarray:
    # Maps of volumes take gigabytes: no copy where there is nothing to join.
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _check_classes(objective: Objective, task: Task) -> None:
    scored = task.val if "val" in objective.splits else task.train
    counts = np.bincount(task.labels[scored], minlength=task.n_classes)
    if objective.is_auc and counts.min() == 0:
        raise DataError(
            f"class {int(counts.argmin())} has no sample in the {objective.splits[-1]} split, so "
            f"that search.objective={objective.name} has no AUC; give samples of every class or "
            "choose an objective that reads another split"
        )
