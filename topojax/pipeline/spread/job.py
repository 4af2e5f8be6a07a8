"""One network of a plan: on which images it is trained, by which seed, and where its state is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from topojax.data import Split
from topojax.pipeline.network import TrainedNetwork, fit_network
from topojax.pipeline.plan import FitPlan, n_networks
from topojax.training import EpochRecord
from topojax.training.loop.progress import ProgressFolder


@dataclass(frozen=True)
class NetworkJob:
    """What one network of a plan is trained by.

    Attributes:
        number: among the plan's networks, from 0.
        total: of them.
        seed: of initial weights, shuffles and augmentations.
        index: int (m,), of the training images that it is trained on; None: all.
        folder: where its state is kept after every epoch to resume from, or None.
    """

    number: int
    total: int
    seed: int
    index: np.ndarray | None
    folder: Path | None

    @classmethod
    def of(
        cls, plan: FitPlan, number: int, seed: int, index: np.ndarray | None, name: str
    ) -> NetworkJob:
        """Return a job of a plan whose state is kept in the folder `name` of its networks."""
        folder = plan.folder_of("backbone")
        own = folder / name if folder else None
        return cls(number, n_networks(plan.config.cam), seed, index, own)

    def __str__(self) -> str:
        """Return which of the networks it is, for people."""
        return f"{self.number + 1}/{self.total}"

    def history(self) -> tuple[EpochRecord, ...]:
        """Return the numbers of the epochs that its folder keeps.

        Raises:
            WeightsError: the state there is damaged.
        """
        return ProgressFolder(self.folder, EpochRecord).history() if self.folder else ()

    def fit(
        self,
        plan: FitPlan,
        train: Split,
        val: Split,
        on_epoch: Callable[[EpochRecord], None] | None = None,
    ) -> TrainedNetwork:
        """Return the network, trained from the state in its folder on, where there is one.

        Raises:
            TrainingError: the loss or the logits are no longer finite.
        """
        return fit_network(
            plan,
            train,
            val,
            seed=self.seed,
            index=self.index,
            folder=self.folder,
            title="" if self.total == 1 else f"network {self}, ",
            on_epoch=on_epoch,
        )
