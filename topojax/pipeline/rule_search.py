"""The search for the ROI rule, on the splits that its objective may see."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from topojax.config import Config
from topojax.pipeline.announce import Pace
from topojax.pipeline.plan import FitPlan, population_size
from topojax.search import (
    Evolution,
    GenerationRecord,
    RoiObjective,
    RoiRule,
    decode_rule,
    find_objective,
    given_rule,
    minimise,
    n_genes,
)
from topojax.search.on_device import TracedFitness


@dataclass(frozen=True)
class RuleSearch:
    """A rule and how it was found.

    Attributes:
        rule: what makes ROIs of maps.
        evolution: of the search; None where the rule was given.
        score: the best AUC, as the search sees it; None where nothing was searched for, or where
            the fitness is no AUC.
    """

    rule: RoiRule
    evolution: Evolution | None
    score: float | None


def give_rule(config: Config) -> RuleSearch:
    """Return the rule that the configuration gives, where there is nothing to search for."""
    return RuleSearch(given_rule(len(config.cam.layers), config.search), None, None)


def search_rule(
    plan: FitPlan, objective: RoiObjective | TracedFitness, *, seed: int, folder: Path | None
) -> RuleSearch:
    """Search for the rule that an objective judges best.

    Args:
        plan: its log is told every generation and the seconds of its stages.
        objective: from genes to fitness.
        seed: of the search's random draws.
        folder: where the search keeps its generations to resume from, or None.
    """
    config, n_layers = plan.config.search, len(plan.config.cam.layers)
    pace = Pace("search", "generation", config.generations + 1)

    def on_generation(record: GenerationRecord) -> None:
        seconds = objective.seconds() if isinstance(objective, RoiObjective) else {}
        plan.log("generation", **asdict(record), seconds=seconds)
        pace(record.generation)

    found = minimise(
        objective,
        n_genes(n_layers, config),
        population_size=population_size(plan.config),
        generations=config.generations,
        seed=seed,
        crossover_rate=config.crossover_rate,
        differential_weight=config.differential_weight,
        patience=config.patience,
        tolerance=config.tolerance,
        folder=folder,
        progress=plan.progress,
        on_generation=on_generation,
    )
    score = 1.0 - found.best_fitness if find_objective(config.objective).is_auc else None
    return RuleSearch(decode_rule(found.best_genes, n_layers, config), found, score)


def rule_plan(config: Config, *, is_searched: bool) -> str:
    """Return what is about to be done, for people."""
    search = config.search
    if not is_searched:
        return f"none, the rule is given ({search.method})"
    where = "by the kernels" if search.topology == "kernels" else "on the device"
    return (
        f"1 + {search.generations} generations of {population_size(config)} candidates, by "
        f"{search.objective}; topology {where}"
    )
