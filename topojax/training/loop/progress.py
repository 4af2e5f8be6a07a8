"""The state between two epochs: kept by orbax, resumed from."""

from __future__ import annotations

from dataclasses import Field, asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar, Generic, Protocol, TypeVar

import jax
import numpy as np
from jax.experimental import multihost_utils

from topojax.checkpoint import Series, load_checkpoint, load_meta, reading
from topojax.errors import RunError

State = Any


class EpochScores(Protocol):
    """What one epoch gave: a frozen dataclass of numbers."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    @property
    def rank(self) -> tuple[float, ...]:
        """The higher, the better the epoch."""


Record = TypeVar("Record", bound=EpochScores)


@dataclass(frozen=True)
class Progress(Generic[Record]):
    """All that a resumed run needs; random draws follow from seed and epoch.

    Attributes:
        params, stats, optimiser: as the last epoch left them.
        best_params, best_stats: of epoch `best_epoch`, the best so far; -1 before the first.
        history: one record an epoch.
    """

    params: State
    stats: State
    optimiser: State
    best_params: State
    best_stats: State
    best_epoch: int
    history: tuple[Record, ...]


@dataclass(frozen=True)
class ProgressFolder(Generic[Record]):
    """The newest state and the best epoch's network, in one folder for all hosts.

    Attributes:
        folder: where they lie.
        record: the class of an epoch's numbers.
    """

    folder: Path
    record: type[Record]

    def save(self, now: Progress[Record]) -> None:
        """Write the state; a kill at any point leaves one together with the best it names."""
        epoch = len(now.history) - 1
        if now.best_epoch == epoch:
            self._best.save(epoch, (now.best_params, now.best_stats), {})
        meta = {"best_epoch": now.best_epoch, "history": [asdict(r) for r in now.history]}
        self._latest.save(epoch, (now.params, now.stats, now.optimiser), meta)
        # In this order, for the sake of a kill.
        self._latest.keep_only(epoch)
        self._best.keep_only(now.best_epoch)

    def newest(self, abstract: tuple[State, State, State]) -> Progress[Record] | None:
        """Return the state to go on from, or None where there is none.

        Args:
            abstract: shapes of parameters, statistics and the optimiser's state.

        Raises:
            WeightsError: the arrays do not fit the shapes.
            RunError: other hosts see another state there.
        """
        epoch = self._latest.newest()
        _check_hosts_agree(epoch, self.folder)
        if epoch is None:
            return None
        (params, stats, state), meta = load_checkpoint(self._latest.path(epoch), lambda _: abstract)
        with reading(self._latest.path(epoch)):
            best_epoch = meta["best_epoch"]
            best_path = self._best.path(best_epoch)
            history = tuple(self.record(**numbers) for numbers in meta["history"])
        (best_params, best_stats), _ = load_checkpoint(best_path, lambda _: abstract[:2])
        return Progress(params, stats, state, best_params, best_stats, best_epoch, history)

    def history(self) -> tuple[Record, ...]:
        """Return the numbers of the epochs that are done; the arrays are not looked at.

        Raises:
            WeightsError: the newest state is damaged.
        """
        epoch = self._latest.newest()
        if epoch is None:
            return ()
        path = self._latest.path(epoch)
        meta = load_meta(path)
        with reading(path):
            return tuple(self.record(**numbers) for numbers in meta["history"])

    @property
    def _latest(self) -> Series:
        return Series(self.folder, "epoch")

    @property
    def _best(self) -> Series:
        return Series(self.folder, "best")


def _check_hosts_agree(epoch: int | None, folder: Path) -> None:
    if jax.process_count() == 1:
        return
    own = np.array(-1 if epoch is None else epoch)
    epochs = np.ravel(multihost_utils.process_allgather(own)).tolist()
    if len(set(epochs)) > 1:
        raise RunError(
            f"the hosts see states of different epochs {epochs} in {folder}; give a folder on "
            "storage that all of them share"
        )
