"""What several seeds say: whether held-out scores leave chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from topojax.config import Config
from topojax.errors import DataError, LeakError
from topojax.evaluation import CHANCE, chance_error, chance_interval, summarise_seeds
from topojax.experiments.leaktest.trial import Trial
from topojax.search import find_objective


@dataclass(frozen=True)
class Verdict:
    """What several seeds say of one variant.

    Attributes:
        score: `test AUC`, or the name of a score that the variant presents as held out.
        mean: over n seeds.
        low, high: ends of its interval, as wide as chance makes it (`chance_interval`).
        standard_error: of the mean, from the seeds' spread.
    """

    variant: str
    null: str
    score: str
    mean: float
    low: float
    high: float
    standard_error: float
    n: int

    @property
    def leaks(self) -> bool:
        """Tell whether the interval leaves chance out."""
        return not self.low <= CHANCE <= self.high


def leak_verdicts(
    trials: Sequence[Trial], variants: dict[str, Config], level: float
) -> list[Verdict]:
    """Return, for every variant and null, whether its test AUC leaves chance.

    The score of a search whose objective is scored on the validation images that it trained on,
    and presents that as their score (`val-resubstitution`), is judged too.

    Args:
        trials: of `leak_trials`; at least two seeds.
        variants: name to configuration.
        level: of the intervals; an honest variant's verdict is wrong with probability 1 - level.

    Raises:
        DataError: of a variant, fewer than two seeds left images of every class to score.
    """
    verdicts = []
    for null in dict.fromkeys(trial.null for trial in trials):
        for name, config in variants.items():
            those = [t for t in trials if t.null == null and t.variant == name]
            scores = {"test AUC": [(t.auc["topocam"], t.counts["test"]) for t in those if t.auc]}
            if len(scores["test AUC"]) < 2:
                raise DataError(
                    f"{name}: {len(scores['test AUC'])} of {len(those)} seeds on {null} have test "
                    "images of every class left, too few to judge by; give more seeds, or "
                    "topology.empty_roi='keep'"
                )
            if _presents_its_training_score(config):
                scores["validation AUC"] = [
                    (t.search_score, t.counts["val"])
                    for t in those
                    if t.search_score is not None and min(t.counts["val"]) > 0
                ]
            verdicts += [
                _verdict(name, null, score, found, level)
                for score, found in scores.items()
                if len(found) > 1
            ]
    return verdicts


def _presents_its_training_score(config: Config) -> bool:
    objective = find_objective(config.search.objective)
    return objective.is_resubstitution and objective.is_auc and "val" in objective.splits


def _verdict(
    variant: str, null: str, score: str, found: Sequence[tuple[float, list[int]]], level: float
) -> Verdict:
    aucs, errors = zip(*((auc, chance_error(counts)) for auc, counts in found), strict=True)
    interval = chance_interval(aucs, errors, level)
    return Verdict(
        variant, null, score, *interval, summarise_seeds(aucs).standard_error, len(found)
    )


def require_chance(verdicts: Sequence[Verdict]) -> None:
    """Raise LeakError naming the first score that leaves chance."""
    for verdict in verdicts:
        if verdict.leaks:
            v = verdict
            raise LeakError(
                f"{v.variant}: {v.score} on {v.null} is {v.mean:.3f} [{v.low:.3f}, {v.high:.3f}] "
                f"over {v.n} seeds, where an honest pipeline is at {CHANCE}: labels reach held-out "
                "images, and its scores mean nothing"
            )


def markdown_table(trials: Sequence[Trial], verdicts: Sequence[Verdict]) -> str:
    """Return the verdicts as a table, with what the ROI's size and the search alone say."""
    lines = [
        "| variant | data | score | mean over seeds | | standard error | ROI size alone | "
        "score of the search | dropped |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for verdict in verdicts:
        those = [t for t in trials if (t.variant, t.null) == (verdict.variant, verdict.null)]
        sizes = [t.auc["roi-size"] for t in those if t.auc]
        searched = [t.search_score for t in those if t.search_score is not None]
        lines.append(
            f"| {verdict.variant} | {verdict.null} | {verdict.score} | "
            f"{verdict.mean:.3f} [{verdict.low:.3f}, {verdict.high:.3f}] | "
            f"{'**leaks**' if verdict.leaks else 'at chance'} | {verdict.standard_error:.3f} | "
            f"{f'{np.mean(sizes):.3f}' if sizes else ''} | "
            f"{f'{np.mean(searched):.3f}' if searched else ''} | "
            f"{sum(t.dropped for t in those)} |"
        )
    return "\n".join(lines) + "\n"
