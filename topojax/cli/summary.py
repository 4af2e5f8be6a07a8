"""Scores as a table for the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from topojax.evaluation import Interval, Scores
from topojax.runs import Compared, Metrics


def print_summary(run: Path) -> None:
    """Print a finished run's held-out scores, beside all that it must be measured against."""
    metrics = Metrics.read(run)
    rule = metrics.fusion
    weights = ", ".join(f"{layer} {weight:.2f}" for layer, weight in rule.weights.items())
    click.echo(f"ROI rule: {weights}, threshold {rule.tau:.2f}")
    print_scores({"TopoCAM": metrics.topocam["test"], "backbone alone": metrics.backbone["test"]})
    print_comparisons(metrics.comparisons)
    for reason in metrics.meaningless:
        click.secho(f"These scores mean nothing: {reason}.", fg="red", bold=True)


def print_comparisons(comparisons: Mapping[str, Compared]) -> None:
    """Print the AUC of every other method, and what TopoCAM's exceeds it by."""
    click.echo(f"{'AUC of':20}{'':>26}{'TopoCAM exceeds it by':>28}")
    for name, found in comparisons.items():
        excess = found.difference.differences["auc"]
        by = f"{excess.value:+z.3f} [{excess.low:+z.3f}, {excess.high:+z.3f}]"
        click.echo(f"{name:20}{_interval(found.scores.metrics['auc']):>26}{by:>28}")


def print_scores(columns: Mapping[str, Scores]) -> None:
    """Print scores with their intervals, one column a method."""
    first = next(iter(columns.values()))
    click.echo(f"{'':14}" + "".join(f"{title:>26}" for title in columns))
    for name in first.metrics:
        cells = "".join(f"{_interval(scores.metrics[name]):>26}" for scores in columns.values())
        click.echo(f"{name:14}{cells}")
    click.echo(f"n = {first.n}; brackets: {first.level:.0%} stratified bootstrap interval")


def _interval(score: Interval) -> str:
    return f"{score.value:z.3f} [{score.low:z.3f}, {score.high:z.3f}]"
