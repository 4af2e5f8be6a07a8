"""The JSON files of a run folder as records: what the report needs of them, with types."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from topojax.evaluation import Comparison, Scores

Split = Literal["train", "val", "test"]
SPLITS: tuple[Split, ...] = ("train", "val", "test")
SplitScores = dict[Split, Annotated[Scores, BeforeValidator(Scores.from_json)]]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class DataFacts(_Record):
    """`environment.json`, key `data`."""

    name: str
    source: str
    shape: tuple[int, ...]
    spatial_dims: Literal[2, 3]
    n_channels: int
    class_names: tuple[str, ...] = Field(min_length=2)
    n: dict[Split, int]
    fingerprint: str


class Environment(_Record):
    """`environment.json`: what the run ran on."""

    topojax: str
    python: str
    platform: str
    device: str
    packages: dict[str, str]
    seed: int
    started: str
    command: tuple[str, ...] = ()
    data: DataFacts


class Generation(_Record):
    """One generation of the search; scores, higher is better."""

    generation: int
    best: float | None
    mean: float | None


class Fusion(_Record):
    """The ROI's rule and how it was found."""

    weights: dict[str, float]
    tau: float
    method: str
    objective: str
    searches: int
    fitness: float | None
    history: tuple[Generation, ...]


class Coverage(_Record):
    """ROI sizes of a split, as shares of the image."""

    n: int
    empty: int
    dropped: int
    coverage_mean: float
    coverage_median: float


class Epoch(_Record):
    """One epoch of the backbone; losses in nats."""

    epoch: int
    train_loss: float
    val_loss: float
    val_auc: float


class BackboneTraining(_Record):
    """How the backbone was trained."""

    best_epoch: int
    history: tuple[Epoch, ...]


class Compared(_Record):
    """Another method on the test split, and what TopoCAM's scores exceed its by."""

    scores: Annotated[Scores, BeforeValidator(Scores.from_json)]
    difference: Annotated[Comparison, BeforeValidator(Comparison.from_json)]


class CalibrationErrors(_Record):
    """How far confidences are from accuracies."""

    expected_error: float
    maximum_error: float
    brier: float
    log_loss: float


class Calibrated(_Record):
    """The same before and after the temperature."""

    before: CalibrationErrors
    after: CalibrationErrors


class Calibration(_Record):
    """The temperature learnt on the validation split, and what it does."""

    temperature: float
    used: bool
    val: Calibrated
    test: Calibrated


class Metrics(_Record):
    """`metrics.json`."""

    topocam: SplitScores
    backbone: SplitScores
    comparisons: dict[str, Compared]
    calibration: Calibration
    fusion: Fusion
    roi: dict[Split, Coverage]
    backbone_training: BackboneTraining
    timing: dict[str, float]
    warnings: tuple[str, ...]
    meaningless: tuple[str, ...]
    """Why the scores mean nothing, where the run was asked to leak."""
