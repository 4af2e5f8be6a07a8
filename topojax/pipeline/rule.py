"""The ROI rule: found by a search on the splits that its objective may see, or given."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from topojax.config import Config
from topojax.pipeline.announce import Log, Pace, no_log
from topojax.search import (
    Evolution,
    GenerationRecord,
    Genome,
    RoiObjective,
    SearchSplits,
    check_given,
    decode_genomes,
    find_objective,
    genome_size,
    given_genome,
    minimise,
    stratified_folds,
)

# Where a rule is asked for that nothing depends on: the paper's threshold.
_USUAL_TAU = 0.6


@dataclass(frozen=True)
class RoiRule:
    """What makes ROIs of maps.

    Attributes:
        genomes: one rule, or several where `config.search.searches` asks for more.
        evolutions: how each was found; none where the rule was given.
        score: mean over the searches of the best AUC, as they see it; None where nothing was
            searched for, or where the fitness is no AUC.
    """

    genomes: tuple[Genome, ...]
    evolutions: tuple[Evolution, ...]
    score: float | None


def find_rule(
    config: Config,
    splits: SearchSplits,
    grid: np.ndarray | None,
    *,
    seed: int,
    folder: Path | None = None,
    progress: bool = False,
    log: Log = no_log,
) -> RoiRule:
    """Return the rule that the configuration asks for.

    Args:
        config: settled.
        splits: images, maps and labels of training and validation split; the objective takes from
            them what it may see.
        grid: shared thresholds, or None.
        seed: of the search's random draws.
        folder: where the search keeps its generations to resume from, or None.
        progress: show a bar on a terminal.
        log: called with every generation and with the seconds of its stages.
    """
    n_layers = splits.train_maps.shape[1]
    if not is_searched(config, n_layers):
        return RoiRule((_given(config, n_layers),), (), None)
    evolutions = []
    for number in range(config.search.searches):
        evolutions.append(
            _search(
                config,
                splits,
                grid,
                seed=seed + number,
                folder=folder / f"search_{number}" if folder else None,
                progress=progress,
                log=log,
            )
        )
    best = np.stack([evolution.best_genes for evolution in evolutions])
    score = None
    if find_objective(config.search.objective).is_auc:
        score = 1.0 - float(np.mean([evolution.best_fitness for evolution in evolutions]))
    return RoiRule(tuple(decode_genomes(best, n_layers, config.search)), tuple(evolutions), score)


def is_searched(config: Config, n_layers: int) -> bool:
    """Tell whether there is anything to search for.

    There is not where the rule is given, where no ROI has a say in the classifier's features, and
    where one layer has all the weight at a fixed threshold.
    """
    free = n_layers > 1 or config.search.tau is None
    return (
        config.search.method == "evolution" and config.classifier.features != "embedding" and free
    )


def check_rule(config: Config, labels: np.ndarray) -> None:
    """Raise what would stop the search after hours of training; takes no time.

    Args:
        config: settled.
        labels: int (n,), of the training split.

    Raises:
        ConfigError: weights that are not one a layer, or an unknown objective.
        DataError: a class has fewer samples than there are folds.
    """
    n_layers = len(config.cam.layers)
    check_given(n_layers, config.search)
    find_objective(config.search.objective)
    if config.search.objective == "cv-auc" and is_searched(config, n_layers):
        stratified_folds(labels, config.search.folds, config.seed)


def rule_plan(config: Config, splits: SearchSplits) -> str:
    """Return what is about to be done, for people."""
    n_layers = splits.train_maps.shape[1]
    if not is_searched(config, n_layers):
        return f"none, the rule is given ({config.search.method})"
    search = config.search
    times = f"{search.searches} times " if search.searches > 1 else ""
    return (
        f"{times}1 + {search.generations} generations of {population_size(config, n_layers)} "
        f"candidates, by {search.objective}"
    )


def population_size(config: Config, n_layers: int) -> int:
    """Return the number of candidates of a generation."""
    # Differential evolution combines four different members.
    n_genes = genome_size(n_layers, config.search)
    return max(4, config.search.population_per_gene * n_genes)


def _given(config: Config, n_layers: int) -> Genome:
    search = config.search
    if search.method == "evolution":
        tau = search.tau or _USUAL_TAU
        search = search.model_copy(update={"method": "uniform", "tau": tau})
    return given_genome(n_layers, search)


def _search(
    config: Config,
    splits: SearchSplits,
    grid: np.ndarray | None,
    *,
    seed: int,
    folder: Path | None,
    progress: bool,
    log: Log,
) -> Evolution:
    n_layers, search = splits.train_maps.shape[1], config.search
    objective = RoiObjective(splits, grid, config, seed)
    pace = Pace("search", "generation", search.generations + 1)

    def on_generation(record: GenerationRecord) -> None:
        log("generation", **asdict(record), seconds=objective.seconds())
        pace(record.generation)

    return minimise(
        objective,
        genome_size(n_layers, search),
        population_size=population_size(config, n_layers),
        generations=search.generations,
        seed=seed,
        patience=search.patience,
        tolerance=search.tolerance,
        folder=folder,
        progress=progress,
        on_generation=on_generation,
    )
