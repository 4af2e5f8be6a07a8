"""Which network reads which images: none of its own training images, where there are folds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import TypeAlias

import numpy as np

from topojax.data import Split
from topojax.pipeline.announce import Pace
from topojax.pipeline.network import TrainedNetwork, fit_network
from topojax.pipeline.plan import FitPlan, n_networks, stage_seed
from topojax.search import stratified_folds
from topojax.training import EpochRecord


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
    return (
        f"{folds} networks of {epochs} epochs, each on {folds - 1} of {folds} folds of {n_images} "
        f"images{one}"
    )


Folds: TypeAlias = Sequence[tuple[np.ndarray, np.ndarray]]
"""Pairs of training images, int (m,): those that a network is trained on, and the others."""


def fit_networks(plan: FitPlan, train: Split, val: Split) -> Networks:
    """Fine-tune the networks of a plan; the validation split chooses each one's epoch.

    Raises:
        TrainingError: the loss or the logits are no longer finite.
    """
    cam, told = plan.config.cam, _EpochTeller(plan)
    if cam.folds == 1:
        return Networks((_fit_on_all(plan, train, val, told),))
    held_out = fit_folds(plan, train, val, cam_folds(train.labels, cam.folds, plan.config.seed))
    if cam.unseen == "folds":
        return Networks(tuple(network for network, _ in held_out), held_out)
    return Networks((_fit_on_all(plan, train, val, told),), held_out)


def fit_folds(
    plan: FitPlan, train: Split, val: Split, folds: Folds
) -> tuple[tuple[TrainedNetwork, np.ndarray], ...]:
    """Fine-tune one network a fold; return each with the images that it has not seen.

    A fold's network shares neither images nor weights with another: it starts from the
    configuration's weights, or from scratch by a seed of its own.
    """
    folder, told = plan.folder_of("backbone"), _EpochTeller(plan)
    return tuple(
        (
            fit_network(
                plan,
                train,
                val,
                index=index,
                seed=stage_seed(plan.config.seed, f"backbone of fold {k}"),
                folder=folder / f"fold_{k}" if folder else None,
                title=_title(plan, k),
                on_epoch=told.of(k),
            ),
            held_out,
        )
        for k, (index, held_out) in enumerate(folds)
    )


def _fit_on_all(plan: FitPlan, train: Split, val: Split, told: _EpochTeller) -> TrainedNetwork:
    folder, folds = plan.folder_of("backbone"), plan.config.cam.folds
    alone = folds == 1
    return fit_network(
        plan,
        train,
        val,
        seed=plan.seeds.backbone,
        folder=folder if alone or folder is None else folder / "all",
        title="" if alone else _title(plan, folds),
        on_epoch=told.of(None if alone else folds),
    )


def _title(plan: FitPlan, network: int) -> str:
    return f"network {network + 1}/{n_networks(plan.config.cam)}, "


def cam_folds(
    labels: np.ndarray, n_folds: int, seed: int
) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
    """Return the folds of the networks as (trained on, held out) index pairs.

    Raises:
        DataError: a class has fewer samples than there are folds.
    """
    fold_seed = stage_seed(seed, "folds of the networks")
    return stratified_folds(labels, n_folds, fold_seed, setting="cam.folds")


class _EpochTeller:
    """Logs every epoch of every network, and says how long the rest will take."""

    def __init__(self, plan: FitPlan) -> None:
        self._plan = plan
        epochs = plan.config.backbone.epochs
        self._pace = Pace("backbone", "epoch", epochs * n_networks(plan.config.cam))

    def of(self, network: int | None) -> Callable[[EpochRecord], None]:
        """Return what is called after an epoch of a network, by number where there are several."""
        number = {} if network is None else {"network": network}
        before = (network or 0) * self._plan.config.backbone.epochs

        def on_epoch(record: EpochRecord) -> None:
            self._plan.log("epoch", **asdict(record), **number)
            self._pace(before + record.epoch)

        return on_epoch
