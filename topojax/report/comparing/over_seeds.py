"""Runs that differ in their seed alone: means over seeds, and their paired differences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from topojax.evaluation import (
    Interval,
    SeedSummary,
    summarise_seed_differences,
    summarise_seeds,
)
from topojax.report.comparing.compared import ComparedRuns, ScoredRun
from topojax.report.comparing.named_run import NamedRun
from topojax.report.intervals import interval_text, signed_text
from topojax.report.tables import Table

_SCORES = {"auc": "AUC", "accuracy": "accuracy"}


@dataclass(frozen=True)
class SeedGroup:
    """Runs of one configuration and data by different seeds.

    Attributes:
        places: of the runs among those compared, by ascending seed.
        seeds: ascending.
    """

    places: tuple[int, ...]
    seeds: tuple[int, ...]


def seed_groups(runs: Sequence[NamedRun]) -> tuple[SeedGroup, ...]:
    """Return the groups of two runs or more, in the order of their first run.

    A seed that comes twice in a group says nothing of spread: such a group is left out.
    """
    found: list[tuple[object, dict[int, list[int]]]] = []
    for place, one in enumerate(runs):
        key = ({**one.run.config, "seed": None}, one.run.environment.data.fingerprint)
        seeds = next((seeds for known, seeds in found if known == key), None)
        if seeds is None:
            seeds = {}
            found.append((key, seeds))
        seeds.setdefault(one.run.environment.seed, []).append(place)
    return tuple(
        SeedGroup(tuple(places[0] for _, places in sorted(seeds.items())), tuple(sorted(seeds)))
        for _, seeds in found
        if len(seeds) > 1 and all(len(places) == 1 for places in seeds.values())
    )


def seed_table(compared: ComparedRuns, level: float) -> Table | None:
    """Return means over seeds with Student's intervals; None where no group has several seeds."""
    groups = seed_groups(compared.runs)
    methods = {"TopoCAM": compared.topocam, "backbone": compared.backbone}
    rows = tuple(
        (
            _title(compared, group),
            str(len(group.seeds)),
            *(
                _mean_text(summarise_seeds(_values(scored, group, name), level))
                for scored in methods.values()
                for name in _SCORES
            ),
        )
        for group in groups
    )
    heads = (f"{method}, {score}" for method in methods for score in _SCORES.values())
    caption = f"Means over seeds, {level * 100:g}% Student intervals"
    return Table(caption, ("Runs", "Seeds", *heads), rows) if rows else None


def seed_difference_table(compared: ComparedRuns, level: float) -> Table | None:
    """Return differences to the first group, paired by seed; None without two of the same seeds."""
    groups = seed_groups(compared.runs)
    if not groups:
        return None
    first = groups[0]
    rows = []
    for group in (one for one in groups[1:] if one.seeds == first.seeds):
        found = [
            summarise_seed_differences(
                _values(compared.topocam, group, name),
                _values(compared.topocam, first, name),
                level,
            )
            for name in _SCORES
        ]
        texts = (signed_text(one.mean, one.low, one.high) for one in found)
        rows.append((_title(compared, group), *texts))
    heads = (f"TopoCAM, {score}" for score in _SCORES.values())
    caption = f"Differences to the runs {_title(compared, first)}, paired by seed"
    return Table(caption, ("Runs", *heads), tuple(rows)) if rows else None


def _title(compared: ComparedRuns, group: SeedGroup) -> str:
    return ", ".join(compared.runs[place].title for place in group.places)


def _values(scored: Sequence[ScoredRun], group: SeedGroup, name: str) -> list[float]:
    return [scored[place].scores.metrics[name].value for place in group.places]


def _mean_text(found: SeedSummary) -> str:
    return interval_text(Interval(found.mean, found.low, found.high))
