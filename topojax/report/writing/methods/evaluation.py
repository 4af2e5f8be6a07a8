"""Evaluation: scores, their intervals, what they are compared with, and what they must not mean."""

from __future__ import annotations

from topojax.config import Config
from topojax.report.tables import METHOD_TITLES
from topojax.report.writing.sentence import Sentence, listed
from topojax.runs import Run


def evaluation_sentences(run: Run, config: Config) -> list[Sentence]:
    """Return the sentences of the evaluation."""
    return [
        Sentence("The test split was scored once, after every choice was fixed"),
        metric_sentence(run),
        interval_sentence(run),
        *_comparison(run),
        _seed(config),
        *_meaningless(run),
    ]


def metric_sentence(run: Run) -> Sentence:
    """Return what was measured."""
    names = run.class_names
    if len(names) == 2:
        rest = (
            f"sensitivity, specificity and F1 are of class {names[1]}, decided where its "
            "probability exceeded 0.5"
        )
    else:
        rest = (
            "AUC, sensitivity, specificity and F1 are means over the classes of one against the "
            "rest, and the most probable class was decided for"
        )
    return Sentence(f"AUC and accuracy are defined as in MedMNIST v2; {rest}", ("yang2023",))


def interval_sentence(run: Run) -> Sentence:
    """Return where the intervals of scores come from."""
    scores = run.metrics.topocam["test"]
    return Sentence(
        f"Intervals are {scores.level * 100:g} % percentile intervals of {scores.n_bootstrap} "
        "bootstrap resamples of the test images, stratified by class; models were not refitted",
        ("efron1993",),
    )


def _comparison(run: Run) -> list[Sentence]:
    comparisons = run.metrics.comparisons
    if not comparisons:
        return []
    others = [title for name, title in METHOD_TITLES.items() if name in comparisons]
    delong = any(one.difference.auc_method == "delong" for one in comparisons.values())
    how = (
        "Differences of AUC have intervals and two-sided p-values by DeLong's method, other "
        "differences by the paired bootstrap"
        if delong
        else "Differences have intervals and two-sided p-values by the paired bootstrap"
    )
    return [
        Sentence(f"TopoCAM was compared on the same test images with: {listed(others)}"),
        Sentence(
            f"{how}; they are not corrected for several comparisons",
            ("delong1988",) if delong else ("efron1993",),
        ),
    ]


def _seed(config: Config) -> Sentence:
    return Sentence(
        f"This is one run, whose random draws all follow from the seed {config.seed}: how much one "
        "training differs from the next is in no interval"
    )


def _meaningless(run: Run) -> list[Sentence]:
    reasons = run.metrics.meaningless
    return [Sentence(f"The scores of this run mean nothing: {reason}") for reason in reasons]
