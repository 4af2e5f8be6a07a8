"""`learning_curve.json`: test scores of every method against the number of training images."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from topojax.runs.environment import Environment
from topojax.runs.record import FileRecord, Record

CURVE_METHODS = (
    "backbone",
    "topology",
    "whole-image",
    "volumes",
    "topology+logits",
    "whole-image+logits",
)
"""Methods that a curve shows, the reference of its differences first."""


class CurveTrial(Record):
    """One fit on some of the training images, scored on the test split.

    Attributes:
        n: training images.
        seed: of their choice and of the fit.
        auc, accuracy: of the test split, by method; `topocam` is the method itself.
        seconds: wall-clock time.
    """

    n: int = Field(ge=1)
    seed: int = Field(ge=0)
    auc: dict[str, float]
    accuracy: dict[str, float]
    seconds: float


class SeedMean(Record):
    """A mean over n seeds, its standard error, and the ends of its Student interval."""

    mean: float
    standard_error: float
    low: float
    high: float
    n: int


class CurvePoint(Record):
    """One method at one number of training images.

    Attributes:
        n: training images.
        auc, accuracy: means over the seeds.
        difference: of the AUC to the backbone's, paired by seed; None for the backbone itself.
    """

    n: int
    auc: SeedMean
    accuracy: SeedMean
    difference: SeedMean | None = None


class LearningCurve(FileRecord):
    """All trials of one configuration on one data set, and what they say together.

    Attributes:
        config: settled; its seed is the first of the seeds.
        environment: of the process that began it.
        warnings: sentences that a reader must know before the scores.
        sizes: numbers of training images, ascending.
        seeds: of each of them.
        points: by method, one for each of `sizes`; empty until all trials are done.
        trials: by seed, then by size; empty until all are done.
    """

    file_name: ClassVar[str] = "learning_curve.json"

    config: dict[str, Any]
    environment: Environment
    warnings: tuple[str, ...] = ()
    sizes: tuple[int, ...] = Field(min_length=1)
    seeds: tuple[int, ...] = Field(min_length=2)
    points: dict[str, tuple[CurvePoint, ...]] = Field(default_factory=dict)
    trials: tuple[CurveTrial, ...] = ()

    @property
    def level(self) -> float:
        """Nominal coverage of the intervals."""
        return float(self.config["evaluation"]["level"])

    @property
    def shown(self) -> tuple[str, ...]:
        """Methods to show: of `CURVE_METHODS` those that there are, and what the method is."""
        own = self.config["classifier"]["features"]
        return tuple(name for name in dict.fromkeys((*CURVE_METHODS, own)) if name in self.points)
