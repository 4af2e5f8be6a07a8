"""`topojax learning-curve`, with made-up scores: the fits are tested where they are made."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from topojax.experiments.learning_curve import running
from topojax.runs import CURVE_METHODS, CurveTrial, LearningCurve


@pytest.fixture(autouse=True)
def _made_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def trial(plan: Any, dataset: Any, n: int, seed: int) -> CurveTrial:
        stacks = CURVE_METHODS if plan.config.cam.folds > 1 else CURVE_METHODS[:4]
        auc = dict.fromkeys((*stacks, "topocam"), 0.5 + n / 100 + seed / 100)
        auc["topology"] += 0.1
        return CurveTrial(n=n, seed=seed, auc=auc, accuracy=auc, seconds=1)

    monkeypatch.setattr(running, "_trial", trial)


def test_cost_progress_tables_and_report(
    topojax: Callable, discs_file: Path, tmp_path: Path
) -> None:
    given = ("-n", "20,all", "--seeds", 2, "-o", tmp_path / "curve", "--seed", 4)
    done = topojax("learning-curve", discs_file, *given)
    assert done.code == 0, done.err
    assert "4 fits (2 seeds on 20, 32 training images), of which 4 are to come" in done.err
    assert "12 networks of 100 epochs" in done.err
    assert "n=32, seed 5: test AUC backbone 0.870, topology 0.970" in done.err
    aucs, differences = done.out.split("AUC less the backbone's, paired by seed\n")
    assert re.search(r"^ +20 +0\.745 \[0\.681, 0\.809\] +0\.845 \[", aucs, re.MULTILINE)
    assert re.search(r"^ +32 +\+0\.100 \[\+0\.100, \+0\.100\]", differences, re.MULTILINE)
    assert f"report: {tmp_path / 'curve' / 'report.html'}" in done.out
    assert "Learning curve on my discs" in (tmp_path / "curve" / "report.html").read_text("utf-8")
    curve = LearningCurve.read(tmp_path / "curve")
    assert (curve.sizes, curve.seeds, curve.config["cam"]["folds"]) == ((20, 32), (4, 5), 3)
    again = topojax("learning-curve", discs_file, *given)
    assert again.out == done.out
    assert "of which 0 are to come, 0 networks of 100 epochs; 4 fits are there" in again.err
    other = topojax("learning-curve", discs_file, *given, "--epochs", 5)
    assert other.code == 6
    assert "other settings or data" in other.err


def test_a_file_comes_before_the_three_folds(
    topojax: Callable, discs_file: Path, tmp_path: Path
) -> None:
    (tmp_path / "one.json").write_text(json.dumps({"cam": {"folds": 1}}))
    given = ("-n", "20,all", "--seeds", 2, "-o", tmp_path / "curve")
    done = topojax("learning-curve", discs_file, *given, "--config", tmp_path / "one.json")
    assert done.code == 0, done.err
    curve = LearningCurve.read(tmp_path / "curve")
    assert curve.config["cam"]["folds"] == 1
    assert curve.shown == CURVE_METHODS[:4]
    assert "topology+logits" not in done.out


@pytest.mark.parametrize(
    ("given", "code", "said"),
    [
        (("-n", "20,some"), 2, "'some' is no number of images"),
        (("-n", "0"), 2, "'0' is no number of images"),
        ((), 2, "Missing option '-n'"),
        (("-n", "33"), 3, "n=33 training images; expected 1 to 32"),
        (("-n", "6"), 3, "n=6 training images: class 0 has 3"),
        (("-n", "20", "--seeds", 1), 2, "1 is not in the range"),
        (("-n", "20", "--preset", "official"), 4, "cam.folds=3"),
    ],
)
def test_what_cannot_be_fitted_is_refused(
    topojax: Callable, discs_file: Path, tmp_path: Path, given: Any, code: int, said: str
) -> None:
    done = topojax("learning-curve", discs_file, *given, "-o", tmp_path / "curve")
    assert done.code == code, done.err
    assert said in done.err
    assert not (tmp_path / "curve").exists()
