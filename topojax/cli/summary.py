"""Scores as a table for the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from topojax.experiments.run_folder import read_json


def print_summary(run: Path) -> None:
    """Print a finished run's held-out scores, beside all that it must be measured against."""
    metrics = read_json(run / "metrics.json")
    rule = metrics["fusion"]
    weights = ", ".join(f"{layer} {weight:.2f}" for layer, weight in rule["weights"].items())
    click.echo(f"ROI rule: {weights}, threshold {rule['tau']:.2f}")
    columns = {"TopoCAM": metrics["topocam"]["test"], "backbone alone": metrics["backbone"]["test"]}
    print_scores(columns)
    print_comparisons(metrics["comparisons"])
    for reason in metrics["meaningless"]:
        click.secho(f"These scores mean nothing: {reason}.", fg="red", bold=True)


def print_comparisons(comparisons: dict[str, dict[str, Any]]) -> None:
    """Print the AUC of every other method, and what TopoCAM's exceeds it by."""
    click.echo(f"{'AUC of':20}{'':>26}{'TopoCAM exceeds it by':>28}")
    for name, found in comparisons.items():
        difference = found["difference"]["auc"]
        by = f"{difference['value']:+.3f} [{difference['low']:+.3f}, {difference['high']:+.3f}]"
        click.echo(f"{name:20}{_interval(found['scores']['auc']):>26}{by:>28}")


def print_scores(columns: dict[str, dict[str, Any]]) -> None:
    """Print scores with their intervals, one column a method."""
    first = next(iter(columns.values()))
    names = [name for name in first if isinstance(first[name], dict) and "low" in first[name]]
    click.echo(f"{'':14}" + "".join(f"{title:>26}" for title in columns))
    for name in names:
        cells = "".join(f"{_interval(scores[name]):>26}" for scores in columns.values())
        click.echo(f"{name:14}{cells}")
    level = first.get("level", 0.95)
    click.echo(f"n = {first['n']}; brackets: {level:.0%} stratified bootstrap interval")


def _interval(score: dict[str, float]) -> str:
    return f"{score['value']:.3f} [{score['low']:.3f}, {score['high']:.3f}]"
