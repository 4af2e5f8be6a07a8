"""Which classifier was trained, with which settings, and what else was tried."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

Setting: TypeAlias = bool | int | float | str | tuple[int, ...]


@dataclass(frozen=True)
class Trial:
    """A model with its settings, scored by cross-validation inside the training split.

    Attributes:
        auc, log_loss: means over the folds held out; the latter in nats.
    """

    model: str
    settings: dict[str, Setting]
    auc: float
    log_loss: float


@dataclass(frozen=True)
class Choice:
    """The model that was trained on all rows.

    Attributes:
        model: as `classifier.model` has it, never `auto`.
        settings: by name, those of the library where it is scikit-learn's.
        trials: all that `auto` has tried, in their order; none where the model was given.
    """

    model: str
    settings: dict[str, Setting]
    trials: tuple[Trial, ...] = ()

    @property
    def cv_auc(self) -> float | None:
        """The AUC that it was chosen for, of folds held out; None where it was given."""
        return max((trial.auc for trial in self.trials), default=None)

    def to_json(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Choice:
        """Return what `to_json` gave."""
        trials = tuple(Trial(**trial) for trial in stored["trials"])
        return cls(stored["model"], dict(stored["settings"]), trials)
