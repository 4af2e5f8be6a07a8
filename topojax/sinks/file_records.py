"""From the files of a run folder to records: configuration, final scores, warnings, the report."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from topojax.evaluation import Difference, Interval
from topojax.runs import Environment, Metrics, RunFolder
from topojax.runs.folder import CONFIG_NAME
from topojax.sinks.records import File, Note, Parameter, Record, Scalar


def parameters(config: Mapping[str, Any]) -> tuple[Parameter, ...]:
    """Return every value of a configuration by its dotted key, as `backbone.epochs`."""
    return tuple(_flattened(config, ""))


def final_records(folder: Path, metrics: Metrics, time: float) -> tuple[Record, ...]:
    """Return what a finished run has found out, and the files to keep beside it.

    `scores/SPLIT/METHOD/SCORE` comes with its ends `…_low` and `…_high`, and so does
    `exceeds/METHOD/SCORE`, what TopoCAM's score of the test split exceeds that method's by.

    Args:
        folder: of the run.
        metrics: its `metrics.json`.
        time: of the run's end, seconds since 1970.
    """
    values = _scores(metrics) | _differences(metrics) | _rule(metrics)
    names = (Metrics.file_name, CONFIG_NAME, Environment.file_name)
    return (
        *(Scalar(name, None, 0, float(value), time) for name, value in values.items()),
        *_notes(metrics, time),
        *(File(path) for path in (RunFolder(folder).report, *(folder / name for name in names))),
    )


def _flattened(values: Mapping[str, Any], prefix: str) -> Iterator[Parameter]:
    for key, value in values.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping) and value:
            yield from _flattened(value, f"{name}.")
        elif isinstance(value, Mapping | list):
            yield Parameter(name, json.dumps(value))
        else:
            yield Parameter(name, value)


def _scores(metrics: Metrics) -> dict[str, float]:
    found: dict[str, float] = {}
    for method, compared in metrics.comparisons.items():
        found |= _intervals(f"scores/test/{method}", compared.scores.metrics)
    for method, by_split in (("topocam", metrics.topocam), ("backbone", metrics.backbone)):
        for split, scores in by_split.items():
            found |= _intervals(f"scores/{split}/{method}", scores.metrics)
    return found


def _differences(metrics: Metrics) -> dict[str, float]:
    found: dict[str, float] = {}
    for method, compared in metrics.comparisons.items():
        found |= _intervals(f"exceeds/{method}", compared.difference.differences)
    return found


def _intervals(prefix: str, by_score: Mapping[str, Interval | Difference]) -> dict[str, float]:
    return {
        f"{prefix}/{score}{end}": value
        for score, interval in by_score.items()
        for end, value in (("", interval.value), ("_low", interval.low), ("_high", interval.high))
    }


def _rule(metrics: Metrics) -> dict[str, float]:
    weights = {f"rule/weight/{layer}": w for layer, w in metrics.fusion.weights.items()}
    return weights | {
        "rule/tau": metrics.fusion.tau,
        "calibration/temperature": metrics.calibration.temperature,
    }


def _notes(metrics: Metrics, time: float) -> Iterator[Note]:
    said = {"warnings": metrics.warnings, "meaningless": metrics.meaningless}
    for name, sentences in said.items():
        if sentences:
            yield Note(name, "\n".join(f"- {sentence}" for sentence in sentences), time)
