"""`metrics.json`: scores with their intervals, the ROI's rule, training, timing and warnings."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Annotated, Any, ClassVar, TypeAlias, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer

from topojax.data import SPLITS, SplitName
from topojax.evaluation import Comparison, Scores
from topojax.html_tables import html_table
from topojax.runs.record import FileRecord, Record

_T = TypeVar("_T")


def _every_split(by_split: dict[SplitName, _T]) -> dict[SplitName, _T]:
    absent = [name for name in SPLITS if name not in by_split]
    if absent:
        raise ValueError(f"lacks the {absent[0]} split")
    return by_split


BySplit: TypeAlias = Annotated[dict[SplitName, _T], AfterValidator(_every_split)]
"""One value for each of the three splits."""


def _as_scores(values: Scores | Mapping[str, Any]) -> Scores:
    return values if isinstance(values, Scores) else Scores.from_json(values)


def _as_comparison(values: Comparison | Mapping[str, Any]) -> Comparison:
    return values if isinstance(values, Comparison) else Comparison.from_json(values)


ScoresRecord: TypeAlias = Annotated[
    Scores, BeforeValidator(_as_scores), PlainSerializer(Scores.to_json)
]
ComparisonRecord: TypeAlias = Annotated[
    Comparison, BeforeValidator(_as_comparison), PlainSerializer(Comparison.to_json)
]


class Compared(Record):
    """Another method on the same images, and what TopoCAM's scores exceed its by."""

    scores: ScoresRecord
    difference: ComparisonRecord


class Evaluation(Record):
    """Scores of a fitted method on one set of images.

    Attributes:
        comparisons: by method.
    """

    topocam: ScoresRecord
    backbone: ScoresRecord
    comparisons: dict[str, Compared]

    def _repr_html_(self) -> str:
        """Return the scores as a table, for notebooks."""
        return _scores_html("Scores", self.topocam, self.comparisons)


class FiltrationEffect(Record):
    """What the scores of the ROI's topology on validation images lose without a filtration.

    Attributes:
        filtration: its name.
        difference: scores with the whole bank minus those without it.
    """

    filtration: str
    difference: ComparisonRecord


class CalibrationErrors(Record):
    """How far confidences are from accuracies."""

    expected_error: float
    maximum_error: float
    brier: float
    log_loss: float


class Calibrated(Record):
    """The same before and after the temperature."""

    before: CalibrationErrors
    after: CalibrationErrors


class Calibration(Record):
    """The temperature learnt on the validation split, and what it does.

    Attributes:
        used: the run's probabilities are divided by it.
    """

    temperature: float
    used: bool
    val: Calibrated
    test: Calibrated


class Generation(Record):
    """One generation of the search, 0 the first; scores as people read them."""

    generation: int
    best: float | None
    mean: float | None


class Fusion(Record):
    """The ROI's rule and how it was found.

    Attributes:
        weights: of the fused maps, by layer.
        tau: the threshold.
        method, objective: as `search.method` and `search.objective` have them.
        searches: their number; 0 where the rule was given.
        fitness: best score of the search; None where there is none, or where it is no AUC.
        history: of the first search.
        has_unseen_maps: the search's maps of training images came from networks that had not seen
            them.
        val_auc: of the ROI's topology on the validation split, whose maps no network was trained
            on; None in folders of older versions.
        note: what the choice of the rule does to other scores, a sentence; empty in folders of
            older versions.
    """

    weights: dict[str, float]
    tau: float
    method: str
    objective: str
    searches: int
    fitness: float | None
    history: tuple[Generation, ...]
    note: str = ""
    has_unseen_maps: bool = False
    val_auc: float | None = None


class Coverage(Record):
    """ROI sizes of a split, as shares of the image.

    Attributes:
        n: images.
        empty: ROIs that came out empty and became the map's maximum.
        dropped: images that are left out of the scores for it.
    """

    n: int
    empty: int
    dropped: int
    coverage_mean: float
    coverage_median: float


class Epoch(Record):
    """One epoch of the backbone, from 0; losses in nats."""

    epoch: int
    train_loss: float
    val_loss: float
    val_auc: float


class BackboneTraining(Record):
    """How the backbone was trained.

    Attributes:
        best_epoch: the one that was kept.
    """

    best_epoch: int
    history: tuple[Epoch, ...]


class ClassifierTrial(Record):
    """A model with its settings, scored on folds of the training split; log loss in nats."""

    model: str
    settings: dict[str, Any]
    auc: float
    log_loss: float


class Classifier(Record):
    """The classifier of one kind of features.

    Attributes:
        model: as `classifier.model` has it, never `auto`.
        settings: by the library's names.
        cv_auc: what it was chosen for, on folds of the training split; None where it was given.
        trials: all that was tried for the choice.
    """

    model: str
    settings: dict[str, Any]
    cv_auc: float | None = None
    trials: tuple[ClassifierTrial, ...] = ()


class Metrics(FileRecord):
    """All that a run found out.

    Attributes:
        topocam, backbone: scores by split.
        comparisons: other methods on the test split, by name.
        roi: sizes by split.
        backbone_training: of the network that reads validation and test images, or the first.
        other_training: of the other ones, where folds have a network each.
        filtrations: what each adds, where there are several.
        classifiers: by kind of features; none in folders of older versions.
        timing: wall-clock seconds by stage.
        warnings: sentences for people.
        meaningless: why the scores mean nothing, where the run was asked to leak; clauses.
    """

    file_name: ClassVar[str] = "metrics.json"

    topocam: BySplit[ScoresRecord]
    backbone: BySplit[ScoresRecord]
    comparisons: dict[str, Compared]
    calibration: Calibration
    fusion: Fusion
    roi: BySplit[Coverage]
    backbone_training: BackboneTraining
    other_training: tuple[BackboneTraining, ...] = ()
    filtrations: tuple[FiltrationEffect, ...] = ()
    classifiers: dict[str, Classifier] = Field(default_factory=dict)
    timing: dict[str, float]
    warnings: tuple[str, ...]
    meaningless: tuple[str, ...]

    def _repr_html_(self) -> str:
        """Return the test scores as a table, for notebooks, below what speaks against them."""
        reasons = "".join(
            f"<p><strong>These scores mean nothing: {escape(reason)}.</strong></p>"
            for reason in self.meaningless
        )
        return reasons + _scores_html("Test split", self.topocam["test"], self.comparisons)


def _scores_html(title: str, topocam: Scores, comparisons: Mapping[str, Compared]) -> str:
    """Return scores of all methods, and what TopoCAM's AUC exceeds the others' by."""
    rows = [("TopoCAM", *map(str, topocam.metrics.values()), "")]
    for name, found in comparisons.items():
        excess = found.difference.differences["auc"]
        by = f"{excess.value:+z.3f} [{excess.low:+z.3f}, {excess.high:+z.3f}]"
        rows.append((name, *map(str, found.scores.metrics.values()), by))
    columns = ("Method", *topocam.metrics, "auc that TopoCAM exceeds it by")
    return html_table(f"{title}, {topocam.said_of_intervals}", columns, rows)
