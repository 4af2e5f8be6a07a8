"""Which network reads which images: none of its own training images, where there are folds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from topojax.data import Split
from topojax.pipeline.network import TrainedNetwork
from topojax.pipeline.plan import FitPlan, n_networks, stage_seed
from topojax.pipeline.spread import EpochLog, NetworkJob, train_side_by_side
from topojax.search import stratified_folds


@dataclass(frozen=True)
class Networks:
    """The networks of a fit.

    Attributes:
        readers: read every image but the training split's, each for itself.
        held_out: pairs of a network and the training images that it reads, int (m,): those that it
            was not trained on. Together all of them, each once. Empty where there are no folds: the
            one reader then reads what it was trained on.
    """

    readers: tuple[TrainedNetwork, ...]
    held_out: tuple[tuple[TrainedNetwork, np.ndarray], ...] = ()


def training_plan(plan: FitPlan, n_images: int) -> str:
    """Return what is about to be trained, for people."""
    epochs, folds = plan.config.backbone.epochs, plan.config.cam.folds
    if folds == 1:
        return f"{epochs} epochs, {n_images} images"
    one = f", and one on all {n_images}" if plan.config.cam.unseen == "one" else ""
    where = "" if plan.spreading is None else "; side by side"
    return (
        f"{folds} networks of {epochs} epochs, each on {folds - 1} of {folds} folds of {n_images} "
        f"images{one}{where}"
    )


Folds: TypeAlias = Sequence[tuple[np.ndarray, np.ndarray]]
"""Pairs of training images, int (m,): those that a network is trained on, and the others."""


def fit_networks(plan: FitPlan, train: Split, val: Split) -> Networks:
    """Fine-tune the networks of a plan; the validation split chooses each one's epoch.

    Raises:
        TrainingError: the loss or the logits are no longer finite.
        RunError: the plan's executor lost a network's workers again and again.
    """
    cam = plan.config.cam
    if cam.folds == 1:
        return Networks(_fit(plan, train, val, [_job_of_all(plan)]))
    folds = cam_folds(train.labels, cam.folds, plan.config.seed)
    jobs, held_out = _jobs(plan, folds), [held for _, held in folds]
    if cam.unseen == "folds":
        networks = _fit(plan, train, val, jobs)
        return Networks(networks, tuple(zip(networks, held_out, strict=True)))
    *networks_of_folds, reader = _fit(plan, train, val, [*jobs, _job_of_all(plan)])
    return Networks((reader,), tuple(zip(networks_of_folds, held_out, strict=True)))


def fit_folds(
    plan: FitPlan, train: Split, val: Split, folds: Folds
) -> tuple[tuple[TrainedNetwork, np.ndarray], ...]:
    """Fine-tune one network a fold; return each with the images that it has not seen.

    A fold's network shares neither images nor weights with another: it starts from the
    configuration's weights, or from scratch by a seed of its own.
    """
    networks = _fit(plan, train, val, _jobs(plan, folds))
    return tuple(zip(networks, (held_out for _, held_out in folds), strict=True))


def _jobs(plan: FitPlan, folds: Folds) -> list[NetworkJob]:
    return [
        NetworkJob.of(
            plan, k, stage_seed(plan.config.seed, f"backbone of fold {k}"), index, f"fold_{k}"
        )
        for k, (index, _) in enumerate(folds)
    ]


def _job_of_all(plan: FitPlan) -> NetworkJob:
    last = n_networks(plan.config.cam) - 1
    return NetworkJob.of(plan, last, plan.seeds.backbone, None, "all" if last else "")


def _fit(
    plan: FitPlan, train: Split, val: Split, jobs: Sequence[NetworkJob]
) -> tuple[TrainedNetwork, ...]:
    log = EpochLog(plan)
    if plan.spreading is not None:
        train_side_by_side(plan, plan.spreading, train, val, jobs, log)
    found = []
    for job in jobs:
        log.catch_up(job)
        found.append(job.fit(plan, train, val, log.of(job)))
    return tuple(found)


def cam_folds(
    labels: np.ndarray, n_folds: int, seed: int
) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
    """Return the folds of the networks as (trained on, held out) index pairs.

    Raises:
        DataError: a class has fewer samples than there are folds.
    """
    fold_seed = stage_seed(seed, "folds of the networks")
    return stratified_folds(labels, n_folds, fold_seed, setting="cam.folds")
