"""Learning curves: equal images for all methods, trials that are kept, no test label in a fit."""

from __future__ import annotations

import json
import os
import re
import shutil
from dataclasses import dataclass, replace
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spread_calls import Pickling
from topojax.config import Config, make_config
from topojax.data import Dataset, Split
from topojax.errors import ConfigError, DataError, RunError
from topojax.evaluation import summarise_seed_differences, summarise_seeds
from topojax.experiments.learning_curve import (
    fewer_images,
    learning_curve,
    running,
    training_sizes,
)
from topojax.experiments.learning_curve.folder import CurveFolder
from topojax.pipeline import Reading, fit_topocam
from topojax.report import build_learning_curve_report
from topojax.runs import CURVE_METHODS, CurveTrial, LearningCurve
from topojax.runs.lock import hold

SIZES, N_SEEDS = (12, "all"), 2


@pytest.fixture(scope="module")
def config(tiny: dict[str, Any]) -> Config:
    short = {
        "backbone.epochs": 1,
        "backbone.batch_size": 6,
        "cam.folds": 2,
        "search.method": "uniform",
        "search.tau": 0.5,
    }
    return make_config(
        overrides=tiny | short | {"classifier.selection_folds": 3, "classifier.model": "logistic"}
    )


@dataclass(frozen=True)
class Done:
    """A finished curve, its folder, and what each of its fits was given and read."""

    curve: LearningCurve
    folder: Path
    trained_on: list[Split]
    readings: list[Reading]


def _watched(patch: pytest.MonkeyPatch) -> tuple[list[Split], list[Reading]]:
    splits: list[Split] = []
    readings: list[Reading] = []
    read = running._read

    def fit(plan: Any, train: Split, val: Split) -> Any:
        splits.append(train)
        return fit_topocam(plan, train, val)

    def reading(*args: Any) -> Reading:
        readings.append(read(*args))
        return readings[-1]

    patch.setattr(running, "fit_topocam", fit)
    patch.setattr(running, "_read", reading)
    return splits, readings


@pytest.fixture(scope="module")
def done(discs: Dataset, config: Config, tmp_path_factory: pytest.TempPathFactory) -> Done:
    folder = tmp_path_factory.mktemp("curves") / "curve"
    with pytest.MonkeyPatch.context() as patch:
        splits, readings = _watched(patch)
        curve = learning_curve(discs, config, SIZES, n_seeds=N_SEEDS, folder=folder)
    return Done(curve, folder, splits, readings)


def _no_fit(*_: Any) -> Any:
    raise AssertionError("a fit was begun")


def test_choices_keep_proportions_and_leave_other_splits(discs: Dataset) -> None:
    rare = discs.train.labels.copy()
    rare[np.flatnonzero(rare)[4:]] = 0
    dataset = replace(discs, train=Split(discs.train.images, rare))
    assert np.bincount(rare).tolist() == [28, 4]
    chosen = []
    for seed in range(3):
        found = fewer_images(dataset, 16, seed)
        assert np.bincount(found.train.labels).tolist() == [14, 2]
        assert found.val is dataset.val
        assert found.test is dataset.test
        again = fewer_images(dataset, 16, seed)
        np.testing.assert_array_equal(found.train.images, again.train.images)
        chosen.append(found.train.images)
    assert not np.array_equal(chosen[0], chosen[1])
    # Each number has a draw of its own: a smaller choice need not lie in the larger one.
    smaller = fewer_images(dataset, 12, 0).train.images
    inside = [any(np.array_equal(image, other) for other in chosen[0]) for image in smaller]
    assert not all(inside)
    assert fewer_images(dataset, 32, 5).train is dataset.train


def test_numbers_are_sorted_and_checked() -> None:
    assert training_sizes(("all", 20, 5, 20), 20) == (5, 20)
    for asked, said in (((), "no number"), ((0,), "n=0"), ((21,), r"n=21 .* expected 1 to 20")):
        with pytest.raises(DataError, match=said):
            training_sizes(asked, 20)


def test_every_fit_has_the_images_of_its_number_and_seed(done: Done, discs: Dataset) -> None:
    asked = [(t.n, t.seed) for t in done.curve.trials]
    assert asked == [(12, 0), (32, 0), (12, 1), (32, 1)]
    # One fit a trial: all methods of a trial come from it.
    assert len(done.trained_on) == len(done.readings) == 4
    for (n, seed), split in zip(asked, done.trained_on, strict=True):
        expected = fewer_images(discs, n, seed).train
        np.testing.assert_array_equal(split.images, expected.images)
        np.testing.assert_array_equal(split.labels, expected.labels)


def test_points_are_what_the_seeds_say(done: Done, discs: Dataset) -> None:
    curve = done.curve
    assert {*CURVE_METHODS, "topocam", "embedding", "roi-size"} <= curve.points.keys()
    assert curve.shown == CURVE_METHODS
    positive = discs.test.labels == 1
    for trial, reading in zip(curve.trials, done.readings, strict=True):
        scores = reading.by_method["topology+logits"][:, 1]
        pairs = np.subtract.outer(scores[positive], scores[~positive])
        auc = ((pairs > 0) + 0.5 * (pairs == 0)).mean()
        assert trial.auc["topology+logits"] == pytest.approx(auc)
        assert trial.accuracy["topocam"] == np.mean((reading.probabilities[:, 1] > 0.5) == positive)
    for name, points in curve.points.items():
        for n, point in zip((12, 32), points, strict=True):
            own, backbone = (
                [t.auc[method] for t in curve.trials if t.n == n] for method in (name, "backbone")
            )
            expected = summarise_seeds(own)
            assert (point.n, point.auc.n) == (n, N_SEEDS)
            assert (point.auc.mean, point.auc.low) == (expected.mean, expected.low)
            if name == "backbone":
                assert point.difference is None
            else:
                paired = summarise_seed_differences(own, backbone)
                assert point.difference.to_json() == vars(paired)


def test_trials_are_kept_and_not_run_again(
    done: Done, discs: Dataset, config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = shutil.copytree(done.folder, tmp_path / "copy")
    page = (folder / "report.html").read_bytes()
    # As a process leaves it that is killed within its last fit.
    (folder / "report.html").unlink()
    (folder / "trial_32_1.json").unlink()
    unfinished = LearningCurve.read(folder).model_copy(update={"points": {}, "trials": ()})
    unfinished.write(folder)
    with pytest.raises(RunError, match="has not ended"):
        build_learning_curve_report(folder)
    last = done.curve.trials[-1]
    seen: list[CurveTrial] = []
    monkeypatch.setattr(running, "_trial", lambda *_: last)
    again = learning_curve(
        discs, config, SIZES, n_seeds=N_SEEDS, folder=folder, on_trial=seen.append
    )
    assert tuple(seen) == again.trials == done.curve.trials
    assert again == done.curve
    assert (folder / "report.html").read_bytes() == page
    monkeypatch.setattr(running, "_trial", _no_fit)
    fewer = learning_curve(discs, config, (12,), n_seeds=N_SEEDS, folder=folder)
    assert fewer.sizes == (12,)
    assert fewer.points["topology"] == done.curve.points["topology"][:1]
    with pytest.raises(AssertionError, match="a fit was begun"):
        learning_curve(discs, config, (12,), n_seeds=N_SEEDS + 1, folder=folder)


def test_fits_that_are_spread_are_those_of_one_process(
    done: Done, discs: Dataset, config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "spread"
    known = {(trial.n, trial.seed): trial for trial in done.curve.trials}
    asked, seen = [], []

    def trial(plan: Any, dataset: Dataset, n: int, seed: int) -> CurveTrial:
        asked.append((n, seed, plan.config.seed, dataset.fingerprint()))
        return known[n, seed]

    monkeypatch.setattr(running, "_trial", trial)
    with Pickling(2) as executor:
        curve = learning_curve(
            discs,
            config,
            SIZES,
            n_seeds=N_SEEDS,
            folder=folder,
            on_trial=seen.append,
            executor=executor,
        )
    assert sorted(asked) == sorted((n, seed, 0, discs.fingerprint()) for n, seed in known)
    assert sorted(map(repr, seen)) == sorted(map(repr, curve.trials))
    assert (curve.trials, curve.points) == (done.curve.trials, done.curve.points)
    for file in done.folder.glob("trial_*.json"):
        assert (folder / file.name).read_bytes() == file.read_bytes()
    # The worker that wrote one and died before it told of it: nothing is fitted again.
    monkeypatch.setattr(running, "_trial", _no_fit)
    kept = CurveFolder(folder.absolute(), curve)
    assert running._made({}, lambda: discs, kept, (12, 1)) == known[12, 1]


def test_other_settings_data_and_folders_are_refused(
    done: Done, discs: Dataset, config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "_trial", _no_fit)
    other = make_config(overrides=config.model_dump() | {"backbone.epochs": 2})
    swapped = replace(discs, test=discs.val)
    for dataset, settings in ((discs, other), (swapped, config)):
        with pytest.raises(RunError, match="other settings or data"):
            learning_curve(dataset, settings, SIZES, n_seeds=2, folder=done.folder)
    (tmp_path / "file").write_text("mine")
    for path, said in ((tmp_path / "file", "is a file"), (tmp_path, "is no learning curve")):
        with pytest.raises(RunError, match=said):
            learning_curve(discs, config, SIZES, n_seeds=2, folder=path)
    with (
        hold(done.folder, "learning-curve"),
        pytest.raises(RunError, match=f"in use by process {os.getpid()}"),
    ):
        learning_curve(discs, config, SIZES, n_seeds=2, folder=done.folder)
    damaged = shutil.copytree(done.folder, tmp_path / "copy") / "trial_12_0.json"
    shutil.copy(done.folder / "trial_12_1.json", damaged)
    with pytest.raises(RunError, match=r"trial_12_0\.json is damaged \(it is of n=12, seed 1\)"):
        learning_curve(discs, config, SIZES, n_seeds=2, folder=damaged.parent)
    damaged.write_text(damaged.read_text()[:40])
    with pytest.raises(RunError, match=r"trial_12_0\.json is damaged"):
        learning_curve(discs, config, SIZES, n_seeds=2, folder=damaged.parent)


@pytest.mark.parametrize(
    ("sizes", "changes", "said"),
    [
        ((1, "all"), {}, r"n=1 training images: class \d .* is absent from the train split"),
        ((6, "all"), {"cam.folds": 4}, r"n=6 .*: class 0 has 3 .* fewer than cam\.folds=4"),
        ((4, "all"), {"classifier.selection_folds": 3}, r"n=4 .*classifier\.selection_folds=3"),
        (
            (6, "all"),
            {"search.method": "evolution", "search.tau": None, "search.folds": 4},
            r"n=6 .* fewer than search\.folds=4",
        ),
        ((33,), {}, "n=33 training images; expected 1 to 32"),
    ],
)
def test_too_few_images_are_refused_before_any_fit(
    discs: Dataset,
    config: Config,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    sizes: tuple[Any, ...],
    changes: dict[str, Any],
    said: str,
) -> None:
    monkeypatch.setattr(running, "_trial", _no_fit)
    settings = make_config(overrides=config.model_dump() | changes)
    with pytest.raises(DataError, match=said):
        learning_curve(discs, settings, sizes, n_seeds=2, folder=tmp_path / "curve")
    assert not (tmp_path / "curve").exists()


def test_one_seed_and_defects_are_refused(discs: Dataset, config: Config, tmp_path: Path) -> None:
    label = make_config(overrides=config.model_dump() | {"cam.folds": 1, "cam.target": "label"})
    for settings, n_seeds, said in ((config, 1, "1 seeds from 0 on"), (label, 2, "show defects")):
        with pytest.raises(ConfigError, match=said):
            learning_curve(discs, settings, SIZES, n_seeds=n_seeds, folder=tmp_path / "curve")


def test_test_labels_reach_no_fit(
    done: Done, discs: Dataset, config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels = np.roll(discs.test.labels, 3)
    assert (labels != discs.test.labels).any()
    dataset = replace(discs, test=Split(discs.test.images, labels))
    _, readings = _watched(monkeypatch)
    curve = learning_curve(dataset, config, (12,), n_seeds=2, folder=tmp_path / "permuted")
    before = [r for t, r in zip(done.curve.trials, done.readings, strict=True) if t.n == 12]
    for one, other in zip(before, readings, strict=True):
        np.testing.assert_array_equal(one.probabilities, other.probabilities)
        assert one.by_method.keys() == other.by_method.keys()
        for name, probabilities in one.by_method.items():
            np.testing.assert_array_equal(probabilities, other.by_method[name])
    # The scores do see them.
    assert [t.auc for t in curve.trials] != [t.auc for t in done.curve.trials if t.n == 12]


def test_the_page_needs_nothing_beside_itself_and_has_every_number(done: Done) -> None:
    page = (done.folder / "report.html").read_text("utf-8")
    assert not re.findall(r"<(?:link|script|iframe|object)\b|url\(|@import", page)
    targets = re.findall(r'(?:src|href|srcset)="([^"]*)"', page)
    assert [target[:26] for target in targets] == ["data:image/svg+xml;base64,"]
    (alt,) = re.findall(r'alt="([^"]+)"', page)
    assert "AUC against 12, 32 training images: backbone alone, " in alt
    text = unescape(re.sub(r"(?:<[^>]+>|\n)+", "\n", page)).replace("\N{NO-BREAK SPACE}", " ")
    for name in CURVE_METHODS:
        for point in done.curve.points[name]:
            for found in (point.auc, point.accuracy):
                assert f"\n{found.mean:z.3f} [{found.low:z.3f}, {found.high:z.3f}]\n" in text
            if found := point.difference:
                shown = f"{found.mean:+z.3f} [{found.low:+z.3f}, {found.high:+z.3f}]"
                assert f"\n{shown}\n".replace("-", "\N{MINUS SIGN}") in text
    assert "\nselection_folds\n3\n" in text
    assert done.curve.environment.data.fingerprint in text


def test_a_curve_that_goes_on_elsewhere_says_so(
    done: Done, discs: Dataset, config: Config, tmp_path: Path
) -> None:
    folder = shutil.copytree(done.folder, tmp_path / "copy")
    file = folder / "learning_curve.json"
    stored = json.loads(file.read_text())
    stored["environment"]["n_devices"] = 7
    file.write_text(json.dumps(stored))
    curve = learning_curve(discs, config, SIZES, n_seeds=N_SEEDS, folder=folder)
    assert len(curve.warnings) == 1
    assert curve.warnings[0].startswith("begun on 7 x")
    assert curve.warnings[0] in unescape((folder / "report.html").read_text("utf-8"))
