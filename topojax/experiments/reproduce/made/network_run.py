"""One network alone: fine-tuned, its epoch chosen by validation AUC, the test split scored once."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import jax
import numpy as np

from topojax.config import Config
from topojax.data import Dataset
from topojax.experiments.comparison import split_scores
from topojax.experiments.environment import environment_of
from topojax.experiments.fit_run import plan_run
from topojax.pipeline import FitPlan, Stopwatch, fit_networks
from topojax.runs import open_run, write_predictions
from topojax.runs.record import FileRecord


class NetworkScores(FileRecord):
    """`scores.json` of a network's run, written last.

    Attributes:
        test: of the test split, as `topojax.evaluation.Scores` has them.
        best_epoch: that was kept.
        seconds: wall-clock time of training.
    """

    file_name: ClassVar[str] = "scores.json"

    test: dict[str, Any]
    best_epoch: int
    seconds: float


def network_run(dataset: Dataset, config: Config, path: Path, *, progress: bool = False) -> None:
    """Train and score a network in a folder, or go on with what a killed run left there.

    The folder holds configuration, environment, log, the test split's predictions and
    `scores.json`. Of the configuration `backbone`, `evaluation`, seed and size are read.

    Raises:
        DataError, ConfigError, WeightsError, RunError: before any training.
    """
    plan = plan_run(dataset, config, progress=progress)
    environment = environment_of(dataset, plan.config.seed)
    with open_run(path, plan.config, environment, resume=path.exists()) as folder:
        if not (path / NetworkScores.file_name).exists():
            _train_and_score(plan.kept_in(folder.progress, folder.log), dataset, path)
        folder.remove_progress()


def _train_and_score(plan: FitPlan, dataset: Dataset, path: Path) -> None:
    watch = Stopwatch(plan.log)
    name, epochs = plan.config.backbone.name, plan.config.backbone.epochs
    with watch.stage("backbone", f"{name}, {epochs} epochs, {len(dataset.train.labels)} images"):
        (network,) = fit_networks(plan, dataset.train, dataset.val).readers
    plan.log("test_read")
    logits = network.logits(dataset.test.images, plan.config.backbone.batch_size)
    probabilities = np.asarray(jax.nn.softmax(logits))
    write_predictions(path, "test", probabilities)
    scores = split_scores(plan.config, "test", dataset.test.labels, probabilities)
    NetworkScores(
        test=scores.to_json(),
        best_epoch=network.backbone.best_epoch,
        seconds=round(watch.seconds["backbone"], 3),
    ).write(path)
    plan.log("finished")
