"""Methods: every sentence follows the values that a run had."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from topojax.config import parse_config
from topojax.models import list_models
from topojax.report.writing import Writing, read_references, write_up
from topojax.report.writing.methods.data import origin_of
from topojax.report.writing.methods.network import network_title
from topojax.report.writing.methods.regions import objective_text
from topojax.runs import Classifier, DataFacts, Run, load_run
from topojax.search import OBJECTIVES


@pytest.fixture(scope="module")
def sound(discs_run: Path) -> Run:
    """Return the run on discs, preset `sound`, read."""
    return load_run(discs_run)


@pytest.fixture(scope="module")
def paper(solids_run: Path) -> Run:
    """Return the run on volumes, preset `paper`, read."""
    return load_run(solids_run)


def _with(run: Run, changes: dict[str, Any]) -> Run:
    """Return the run with other values of its configuration, by dotted key."""
    config = {
        key: dict(value) if isinstance(value, dict) else value for key, value in run.config.items()
    }
    for key, value in changes.items():
        section, _, name = key.rpartition(".")
        (config[section] if section else config)[name] = value
    return replace(run, config=config)


def _written(run: Run) -> Writing:
    writing = write_up(run)
    assert writing is not None
    return writing


def _text(run: Run) -> str:
    return "\n".join(text for _, text in _written(run).methods)


def _cites(run: Run, key: str) -> bool:
    return key in _written(run).keys


def _data(run: Run, **changes: Any) -> Run:
    data = run.environment.data.model_copy(update=changes)
    return replace(run, environment=run.environment.model_copy(update={"data": data}))


def test_citations_and_references_are_the_same(sound: Run, paper: Run) -> None:
    for run in (sound, paper):
        writing = _written(run)
        cited = set(_numbers(run))
        assert cited | {writing.claim_number} == set(range(1, len(writing.references) + 1))
        assert re.findall(r"@[a-z]+\{([^,]+),", writing.bibtex) == list(writing.keys)
        assert set(writing.keys) <= read_references().keys()


def _numbers(run: Run) -> list[int]:
    """Return the citations in their order; the interval [0, 1] of intensities is none."""
    groups = re.findall(r"\[([\d, ]+)\]", _text(run).replace("[0, 1]", ""))
    return [int(number) for group in groups for number in group.split(",")]


def test_numbers_count_from_the_first_citation(sound: Run) -> None:
    firsts = list(dict.fromkeys(_numbers(sound)))
    assert firsts == sorted(firsts)


def test_the_run_is_told_as_it_was(sound: Run, paper: Run) -> None:
    text = _text(sound)
    data = sound.environment.data
    n = data.n
    assert f"{n['train']} training, {n['val']} validation and {n['test']} test images" in text
    assert "ResNet-18" in text
    assert "for 2 epochs" in text
    assert "from random initial weights" in text
    fusion = sound.metrics.fusion
    for layer, weight in fusion.weights.items():
        assert f"{weight:.3f} ({layer})" in text
    assert f"τ = {fusion.tau:.3f}" in text
    assert "β0 and β1 at 12 thresholds at even steps over the range of the training split" in text
    assert "25 numbers in all" in text
    assert "DeLong" in text
    assert "mean nothing" not in text
    text = _text(paper)
    assert "R3D-18" in text
    assert "3 classes" in text
    assert "β0, β1 and β2" in text
    assert "were set to 0" in text
    assert "maximum of each image's ROI" in text
    assert "were not standardised" in text
    assert "DeLong" not in text
    assert not _cites(paper, "delong1988")


# Key and value, what is then said, and what is then cited.
_SETTINGS = [
    ({"size": 64}, "64 pixels along every axis", None),
    ({"backbone.weights": "imagenet"}, "publishes for ImageNet", "russakovsky2015"),
    ({"backbone.weights": "imagenet", "backbone.name": "r3d_18"}, "inflated", "carreira2017"),
    ({"backbone.weights": "kinetics400"}, "Kinetics-400", "kay2017"),
    ({"backbone.weights": "/home/me/secret/start.npz"}, "from the file start.npz", None),
    ({"backbone.schedule": "cosine"}, "falls from 0.001 as a cosine", None),
    ({"backbone.schedule": "one-cycle"}, "one cycle with its peak", None),
    ({"backbone.warmup_epochs": 1}, "1 epoch in which it grew", None),
    ({"backbone.precision": "bfloat16"}, "bfloat16 activations", None),
    ({"backbone.class_weights": "balanced"}, "inversely to the size of their class", None),
    ({"backbone.accumulate": 2}, "computed in 2 parts", None),
    ({"backbone.flip_axes": [0, 1]}, "flipped along spatial axis 0 and 1", None),
    ({"backbone.shift": 2}, "shifted by up to 2", None),
    ({"cam.method": "gradcam++"}, "by Grad-CAM++ for", "chattopadhay2018"),
    ({"cam.method": "scorecam"}, "by Score-CAM for", "wang2020"),
    ({"cam.target": "label"}, "the true class of every image, of the test split too", None),
    ({"cam.rescale_fused": False}, "not scaled again", None),
    ({"cam.folds": 3}, "3 such networks were trained", None),
    ({"cam.folds": 3, "cam.unseen": "one"}, "read by one more network", None),
    ({"search.tau": 0.6}, "searched for the weights, from", None),
    ({"search.patience": 4}, "after 4 generations without a better candidate", None),
    ({"search.tolerance": 0.01}, "no more than 0.01 of its mean", None),
    ({"search.objective": "mine"}, "the user-defined objective mine", None),
    ({"topology.construction": "V"}, "vertices (construction V)", None),
    ({"topology.filtrations": ["-intensity"]}, "from high to low intensity", None),
    ({"topology.filtrations": ["radial", "log:1"]}, "radial, log:1", "otsu1979"),
    ({"topology.filtrations": ["intensity", "-log:1"]}, "a minus sign: from high to low", None),
    ({"topology.grid": "quantile"}, "equally many voxels", None),
    ({"topology.grid": "giotto"}, "rule of giotto-tda", "tauzin2021"),
    ({"topology.volumes": True}, "volumes of the sublevel sets", None),
    ({"classifier.features": "embedding"}, "in which no ROI has a say", None),
    ({"classifier.features": "topology+embedding"}, "and the pooled features", None),
    (
        {"classifier.features": "topology+logits", "cam.folds": 2},
        "stacked with the network",
        "wolpert1992",
    ),
    ({"preset": "official"}, "its defects included", None),
    ({"seed": 77}, "the seed 77", None),
]


@pytest.mark.parametrize(("changes", "said", "cited"), _SETTINGS)
def test_a_setting_is_said(
    sound: Run, changes: dict[str, Any], said: str, cited: str | None
) -> None:
    changed = _with(sound, changes)
    parse_config(changed.config)
    assert said not in _text(sound)
    assert said in _text(changed)
    if cited is not None:
        assert not _cites(sound, cited)
        assert _cites(changed, cited)
    assert "/home" not in _text(changed)


def test_thresholds_are_otsus_only_where_none_is_given(sound: Run) -> None:
    given = _with(sound, {"topology.filtrations": ["distance:0.5"]})
    assert not _cites(given, "otsu1979")
    assert _cites(_with(sound, {"topology.filtrations": ["-distance"]}), "otsu1979")


@pytest.mark.parametrize("name", list_models())
def test_every_network_has_a_title_and_a_reference(sound: Run, name: str) -> None:
    assert network_title(name) != name
    text = dict(_written(_with(sound, {"backbone.name": name})).methods)["Network"]
    assert re.match(re.escape(f"The backbone was {network_title(name)}") + r".*? \[1\]\.", text)


def test_every_objective_of_ours_is_in_words(sound: Run) -> None:
    search = parse_config(sound.config).search
    texts = {objective_text(search.model_copy(update={"objective": name})) for name in OBJECTIVES}
    assert len(texts) == len(OBJECTIVES)
    assert not any("user-defined" in text for text in texts)


@pytest.mark.parametrize("method", ["none", "single", "uniform"])
def test_a_given_rule_was_not_searched_for(sound: Run, method: str) -> None:
    fusion = sound.metrics.fusion.model_copy(update={"searches": 0, "history": ()})
    given = {"search.method": method, "search.tau": 0.5}
    given |= {"search.weights": [1, 1, 1]} if method == "none" else {}
    changed = _with(sound, given)
    changed = replace(changed, metrics=sound.metrics.model_copy(update={"fusion": fusion}))
    assert "evolution" not in _text(changed)
    assert not _cites(changed, "storn1997")
    assert _cites(sound, "storn1997")


@pytest.mark.parametrize("n_empty", [0, 2])
def test_the_fate_of_empty_regions_is_told(sound: Run, n_empty: int) -> None:
    roi = {
        name: one.model_copy(update={"empty": n_empty}) for name, one in sound.metrics.roi.items()
    }
    kept = replace(sound, metrics=sound.metrics.model_copy(update={"roi": roi}))
    dropping = _with(kept, {"topology.empty_roi": "drop"})
    assert ("ROIs of 6 images were empty, and became" in _text(kept)) == bool(n_empty)
    assert ("were left out of training and scores" in _text(dropping)) == bool(n_empty)


def test_several_searches_are_told(sound: Run) -> None:
    fusion = sound.metrics.fusion.model_copy(update={"searches": 3})
    changed = replace(sound, metrics=sound.metrics.model_copy(update={"fusion": fusion}))
    assert "search i modulo 3" in _text(changed)
    assert "The rule of the first search" in _text(changed)


@pytest.mark.parametrize("model", ["logistic", "extra-trees", "gradient-boosting"])
def test_the_classifier_is_the_one_that_was_trained(sound: Run, model: str) -> None:
    chosen = Classifier(model=model, settings={"C": 0.25}, cv_auc=0.875)
    metrics = sound.metrics.model_copy(update={"classifiers": {"topology": chosen}})
    changed = replace(_with(sound, {"classifier.model": "auto"}), metrics=metrics)
    text = dict(_written(changed).methods)["Classifier"]
    assert "perceptron" not in text
    assert "(C = 0.25)" in text
    assert "(0.875)" in text
    assert _cites(changed, "geurts2006") == (model == "extra-trees")
    assert ("standardised" in text) == (model == "logistic")


def test_calibration_is_told_where_it_is_used(sound: Run) -> None:
    found = sound.metrics.calibration.model_copy(update={"used": True})
    changed = replace(sound, metrics=sound.metrics.model_copy(update={"calibration": found}))
    assert f"divided by the temperature {found.temperature:.2f}" in _text(changed)
    assert "not calibrated" in _text(sound)
    assert "guo2017" in _written(changed).keys


def test_scores_that_mean_nothing_are_called_so(sound: Run) -> None:
    metrics = sound.metrics.model_copy(update={"meaningless": ("the maps are of the true class",)})
    changed = replace(sound, metrics=metrics)
    assert "mean nothing: the maps are of the true class." in _text(changed)
    assert "These scores mean nothing" in str(_written(changed).claim.rows[36])


def test_a_configuration_of_another_version_is_not_put_into_words(sound: Run) -> None:
    assert write_up(_with(sound, {"cam.method": "of-the-future"})) is None


def _breast(**changes: Any) -> DataFacts:
    known = {
        "name": "breastmnist",
        "source": "/data/breastmnist.npz",
        "shape": (28, 28),
        "spatial_dims": 2,
        "n_channels": 1,
        "class_names": ("malignant", "normal, benign"),
        "n": {"train": 546, "val": 78, "test": 156},
        "fingerprint": "0",
    }
    return DataFacts(**(known | changes))


def test_published_data_are_known_by_name_and_classes() -> None:
    origin = origin_of(_breast())
    assert "MedMNIST v2" in origin.name
    assert origin.cites == ("yang2023",)
    assert "part" not in origin.split
    assert origin_of(_breast(name="breastmnist_64")) == origin
    fewer = origin_of(_breast(n={"train": 50, "val": 78, "test": 156}))
    assert "546 training, 78 validation and 156 test images), of which a part" in fewer.split
    for other in (_breast(class_names=("a", "b")), _breast(name="mybreast")):
        assert origin_of(other).cites == ()
        assert origin_of(other).split == ""
    classes = ("MGMT unmethylated", "MGMT methylated")
    brats = origin_of(_breast(name="brats2021_flair", class_names=classes))
    assert brats.level == "patient"
    assert "baid2021" in brats.cites


def test_what_was_prepared_is_told_and_no_place_is(sound: Run) -> None:
    source = "/data/my discs.npz"
    assert "as the data set came" in _text(_data(sound, source=source))
    prepared = _data(
        sound,
        source=source,
        preparation="Volumes were resampled to 1 mm.",
        division="as its table says",
        level="group",
    )
    text = _text(prepared)
    assert "images, as its table says. " in text
    assert "Volumes were resampled to 1 mm. " in text
    assert "resampled to 1 mm.." not in text
    assert "as the data set came" not in text
    assert "/data" not in text
