"""What a run knows of the items of CLAIM 2024: one small function an item."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from topojax.config import Config
from topojax.data import SPLITS
from topojax.evaluation import decide
from topojax.report.intervals import interval_text
from topojax.report.tables import METHOD_TITLES
from topojax.report.writing.methods.classifier import calibration_sentence, classifier_sentences
from topojax.report.writing.methods.data import origin_of, preprocessing_sentences
from topojax.report.writing.methods.evaluation import interval_sentence, metric_sentence
from topojax.report.writing.methods.network import (
    fold_sentences,
    network_title,
    selection_sentence,
    start_sentence,
    training_sentence,
)
from topojax.report.writing.methods.regions import (
    fused_sentence,
    map_sentences,
    objective_text,
    rule_sentence,
)
from topojax.report.writing.methods.software import versions_sentence
from topojax.report.writing.methods.topology import topology_sentences
from topojax.report.writing.sentence import Sentence, listed
from topojax.runs import Run


@dataclass(frozen=True)
class Answer:
    """What a run knows of an item.

    Attributes:
        is_whole: nothing is left to the authors.
    """

    text: str
    is_whole: bool


def _whole(text: str) -> Answer:
    return Answer(text, is_whole=True)


def _in_part(text: str) -> Answer:
    return Answer(text, is_whole=False)


def _words(sentences: Iterable[Sentence]) -> str:
    return " ".join(f"{sentence.text}." for sentence in sentences)


def _kind(run: Run, config: Config) -> Answer:
    name = network_title(config.backbone.name)
    return _in_part(f"Deep learning ({name}) with a classifier on topological descriptors.")


def _sources(run: Run, config: Config) -> Answer:
    data = run.environment.data
    name = origin_of(data).name
    return _in_part(f"{name}; SHA-256 of images and labels {data.fingerprint}.")


def _preprocessing(run: Run, config: Config) -> Answer:
    data = run.environment.data
    own = "" if data.preparation is None else f"{data.preparation.strip().removesuffix('.')}. "
    return _in_part(own + _words(preprocessing_sentences(data, config)))


def _subsets(run: Run, config: Config) -> Answer:
    dropped = sum(one.dropped for one in run.metrics.roi.values())
    if dropped:
        return _in_part(f"{dropped} images were left out because their ROI was empty.")
    return _in_part("The run used all images of the data set as it was read.")


def _missing(run: Run, config: Config) -> Answer:
    return _in_part("No missing value was filled in: images with one are refused.")


def _assignment(run: Run, config: Config) -> Answer | None:
    split = origin_of(run.environment.data).split
    return _whole(f"Divided {split}: {_sizes(run)}.") if split else _in_part(f"{_sizes(run)}.")


def _level(run: Run, config: Config) -> Answer | None:
    level = origin_of(run.environment.data).level
    return _whole(f"By {level}.") if level else None


def _test_size(run: Run, config: Config) -> Answer:
    counts = np.bincount(run.labels["test"], minlength=len(run.class_names))
    classes = zip(counts.tolist(), run.class_names, strict=True)
    # A class may have a comma in its name.
    of_classes = "; ".join(f"{count} {name}" for count, name in classes)
    return _in_part(f"{counts.sum()} test images: {of_classes}.")


def _model(run: Run, config: Config) -> Answer:
    rule = rule_sentence(run.metrics.fusion)
    name = Sentence(f"Network: {network_title(config.backbone.name)}")
    region = fused_sentence(config.cam)
    parts = [name, *map_sentences(config.cam), region, rule, *topology_sentences(run, config)]
    return _whole(_words([*parts, *classifier_sentences(run, config)]))


def _software(run: Run, config: Config) -> Answer:
    own = Sentence(f"topojax {run.environment.topojax}")
    return _whole(_words([own, versions_sentence(run)]))


def _start(run: Run, config: Config) -> Answer:
    rest = Sentence(f"All other parameters started at random, by the seed {config.seed}")
    return _whole(_words([start_sentence(config.backbone), rest]))


def _training(run: Run, config: Config) -> Answer:
    sentences = [training_sentence(config.backbone), *fold_sentences(config.cam)]
    return _whole(f"{_words(sentences)} All settings are under “Configuration”.")


def _selection(run: Run, config: Config) -> Answer:
    judged = ""
    if run.metrics.fusion.searches:
        judged = (
            f" Candidates for the rule of the ROI were judged by {objective_text(config.search)}."
        )
    return _whole(_words([selection_sentence(run)]) + judged)


def _ensembles(run: Run, config: Config) -> Answer:
    k = config.cam.folds
    if k > 1 and config.cam.unseen == "folds":
        return _whole(f"The mean of the probabilities of {k} networks with a classifier each.")
    return _whole("One network read the images outside the training split; no ensemble.")


def _metrics(run: Run, config: Config) -> Answer:
    return _whole(_words([metric_sentence(run), calibration_sentence(run)]))


def _statistics(run: Run, config: Config) -> Answer:
    return _whole(_words([interval_sentence(run)]))


def _robustness(run: Run, config: Config) -> Answer | None:
    found = run.metrics.comparisons
    others = [title for name, title in METHOD_TITLES.items() if name in found]
    if not others:
        return None
    return _in_part(f"Ablations on the same test images: {listed(others)}.")


def _explanation(run: Run, config: Config) -> Answer:
    maps = _words(map_sentences(config.cam))
    return _in_part(
        f"{maps} Maps and ROIs of test images are shown; the run did not validate them."
    )


def _internal(run: Run, config: Config) -> Answer:
    return _whole("Scores on the validation and test splits of the same data set.")


def _external(run: Run, config: Config) -> Answer:
    return _in_part("This run tested on no other data set.")


def _numbers(run: Run, config: Config) -> Answer:
    dropped = sum(one.dropped for one in run.metrics.roi.values())
    return _in_part(f"{_sizes(run)}; {dropped} of them left out by the run.")


def _characteristics(run: Run, config: Config) -> Answer:
    parts = []
    for split in SPLITS:
        counts = np.bincount(run.labels[split], minlength=len(run.class_names)).tolist()
        named = zip(counts, run.class_names, strict=True)
        parts.append(f"{split}: " + "; ".join(f"{count} {name}" for count, name in named))
    return _in_part(f"Classes alone. {'. '.join(parts)}.")


def _performance(run: Run, config: Config) -> Answer:
    return _whole(f"{_scores(run, ('auc', 'accuracy', 'f1'))}.{_warning(run)}")


def _diagnostic(run: Run, config: Config) -> Answer:
    return _whole(f"{_scores(run, ('sensitivity', 'specificity'))}.{_warning(run)}")


def _failures(run: Run, config: Config) -> Answer:
    labels = run.labels["test"]
    wrong = int((decide(run.probabilities["test"]) != labels).sum())
    return _in_part(f"{wrong} of {len(labels)} test images were decided wrongly.")


def _limitations(run: Run, config: Config) -> Answer | None:
    said = (*run.metrics.meaningless, *run.metrics.warnings)
    return _in_part(f"What the run warns of: {'; '.join(said)}.") if said else None


def _details(run: Run, config: Config) -> Answer:
    return _in_part("config.json and environment.json of the run; topojax's METHOD.md.")


def _availability(run: Run, config: Config) -> Answer:
    return _in_part(
        f"Software: topojax {run.environment.topojax}, Apache-2.0. Model: the run's checkpoint."
    )


def _sizes(run: Run) -> str:
    n = run.environment.data.n
    return f"{n['train']} training, {n['val']} validation and {n['test']} test images"


def _scores(run: Run, names: tuple[str, ...]) -> str:
    columns = {"TopoCAM": run.metrics.topocam, "backbone": run.metrics.backbone}
    return "; ".join(
        f"{title}: "
        + ", ".join(f"{name} {interval_text(scores['test'].metrics[name])}" for name in names)
        for title, scores in columns.items()
    )


def _warning(run: Run) -> str:
    return " These scores mean nothing, see above." if run.metrics.meaningless else ""


ANSWERS: dict[int, Callable[[Run, Config], Answer | None]] = {
    1: _kind,
    7: _sources,
    9: _preprocessing,
    10: _subsets,
    12: _missing,
    19: _assignment,
    20: _level,
    21: _test_size,
    22: _model,
    23: _software,
    24: _start,
    25: _training,
    26: _selection,
    27: _ensembles,
    28: _metrics,
    29: _statistics,
    30: _robustness,
    31: _explanation,
    32: _internal,
    33: _external,
    35: _numbers,
    36: _characteristics,
    37: _performance,
    38: _diagnostic,
    39: _failures,
    40: _limitations,
    42: _details,
    43: _availability,
}
"""By the item's number; None where the run knows nothing after all."""
