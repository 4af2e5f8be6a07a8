"""Run folders that are written by hand."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from topojax.config import make_config
from topojax.data import SPLITS
from topojax.evaluation import Comparison, Difference, Interval, Scores
from topojax.evaluation.scores import METRICS
from topojax.runs import (
    BackboneTraining,
    Calibrated,
    Calibration,
    CalibrationErrors,
    Compared,
    Coverage,
    DataFacts,
    Environment,
    Epoch,
    Fusion,
    Metrics,
)
from topojax.runs.record import write_json

BEGUN = 1_700_000_000

EVENTS: tuple[dict[str, Any], ...] = (
    {"event": "started"},
    {"event": "stage_started", "stage": "backbone"},
    {
        "event": "epoch",
        "epoch": 0,
        "train_loss": 0.9,
        "val_loss": 0.8,
        "val_auc": 0.6,
        "network": 0,
    },
    {
        "event": "epoch",
        "epoch": 1,
        "train_loss": 0.7,
        "val_loss": 0.6,
        "val_auc": 0.7,
        "network": 0,
    },
    {
        "event": "epoch",
        "epoch": 0,
        "train_loss": 0.5,
        "val_loss": 0.4,
        "val_auc": 0.8,
        "network": 1,
    },
    {"event": "stage_finished", "stage": "backbone", "seconds": 12.5},
    {"event": "generation", "generation": 0, "best": 0.25, "mean": 0.5, "seconds": {}},
    {"event": "generation", "generation": 1, "best": 0.125, "mean": 0.25, "seconds": {}},
    {"event": "roi_rule_fixed", "weights": [0.5, 0.5], "tau": 0.5},
    {"event": "finished"},
)
"""A cross-fitted run, one event a second."""


def lines(events: Iterable[dict[str, Any]], first: int = 0) -> str:
    """Return events as lines of a log; event `first` is of that second."""
    times = (datetime.fromtimestamp(BEGUN + second, UTC).isoformat() for second in range(first, 99))
    return "".join(
        json.dumps({"time": time, **event}) + "\n"
        for time, event in zip(times, events, strict=False)
    )


@pytest.fixture
def metrics() -> Metrics:
    """Return what a run may have found out, all methods alike."""
    scores = Scores({name: Interval(0.75, 0.5, 1.0) for name in METRICS}, {}, 20, 100, 0.95)
    excess = {name: Difference(0.125, -0.25, 0.5, 0.25) for name in METRICS}
    errors = CalibrationErrors(expected_error=0.1, maximum_error=0.2, brier=0.1, log_loss=0.5)
    epoch = Epoch(epoch=0, train_loss=0.9, val_loss=0.8, val_auc=0.6)
    both = Calibrated(before=errors, after=errors)
    roi = Coverage(n=20, empty=0, dropped=0, coverage_mean=0.5, coverage_median=0.5)
    other = Compared(scores=scores, difference=Comparison(excess, "delong", 20, 100, 0.95))
    return Metrics(
        topocam=dict.fromkeys(SPLITS, scores),
        backbone=dict.fromkeys(SPLITS, scores),
        comparisons={"backbone": other, "topology+embedding": other},
        calibration=Calibration(temperature=1.5, used=False, val=both, test=both),
        fusion=Fusion(
            weights={"layer3": 0.25, "layer4": 0.75},
            tau=0.5,
            method="evolution",
            objective="cv-auc",
            searches=1,
            fitness=0.75,
            history=(),
        ),
        roi=dict.fromkeys(SPLITS, roi),
        backbone_training=BackboneTraining(best_epoch=0, history=(epoch,)),
        timing={"backbone": 12.5},
        warnings=("Few images.", "Small maps."),
        meaningless=(),
    )


@pytest.fixture
def run_of(tmp_path: Path, metrics: Metrics) -> Callable[..., Path]:
    """Return a function that writes a run folder, whole where the last event says so."""

    def make(events: Iterable[dict[str, Any]] = EVENTS, name: str = "discs") -> Path:
        folder, events = tmp_path / "runs" / name, tuple(events)
        folder.mkdir(parents=True)
        write_json(folder / "config.json", make_config("sound").model_dump(mode="json"))
        data = DataFacts(
            name="discs",
            source="made",
            shape=(28, 28),
            spatial_dims=2,
            n_channels=1,
            class_names=("disc", "ring"),
            n={"train": 32, "val": 16, "test": 20},
            fingerprint="0",
        )
        Environment(
            topojax="0.1.0",
            python="3.11",
            platform="linux",
            device="cpu",
            packages={},
            seed=0,
            started="2023-11-14T22:13:20+00:00",
            data=data,
        ).write(folder)
        (folder / "log.jsonl").write_text(lines(events))
        if events[-1] == {"event": "finished"}:
            metrics.write(folder)
            (folder / "report.html").write_text("<p>report</p>")
        return folder

    return make
