"""How long the runs on a data set take, said before they are made."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

from topojax.data import SPLITS, Dataset
from topojax.errors import TopojaxError
from topojax.experiments.fit_run import plan_run
from topojax.experiments.reproduce.planned import PlannedRun
from topojax.pipeline.cost.running_time import (
    about,
    measured_machine,
    segmentation_seconds,
    time_need,
)

_LOGGER = logging.getLogger(__name__)
_LONG = 3600.0


def say_cost(dataset: Dataset, left: Mapping[PlannedRun, Path], n_all: int) -> None:
    """Say how many runs are to come and how long they take; of each that takes long by itself."""
    seconds = []
    for run, path in left.items():
        try:
            taken = _seconds(run, dataset)
        except TopojaxError:
            continue  # said where the run is made
        seconds.append(taken)
        if taken > _LONG:
            _LOGGER.warning("%s takes about %s", path.name, about(taken))
    if seconds:
        _LOGGER.info(
            "%s: %d of %d runs to come, about %s, give or take a factor of 3",
            dataset.name,
            len(seconds),
            n_all,
            about(sum(seconds)),
        )


def _seconds(run: PlannedRun, dataset: Dataset) -> float:
    machine = measured_machine()
    if run.segmentation is not None:
        n = {split: len(dataset.split(split).labels) for split in SPLITS}
        shape = (*dataset.shape, dataset.n_channels)
        return segmentation_seconds(run.segmentation, shape, n, machine)
    plan = plan_run(dataset, run.config, progress=False)
    need = time_need(plan, dataset.train, dataset.val, machine)
    return need.network if run.kind == "network" else need.total
