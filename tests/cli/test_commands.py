"""Each command end to end on a tiny data file."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from topojax import TopoCAM
from topojax.data import Dataset


@pytest.fixture
def file(discs_file: Path) -> Path:
    return discs_file


@pytest.fixture
def run(discs_run: Path) -> Path:
    return discs_run


def test_fit_leaves_a_report_of_this_configuration(run: Path, tiny: dict[str, Any]) -> None:
    assert (run / "report.html").stat().st_size > 10_000
    config = json.loads((run / "config.json").read_text())
    assert config["backbone"]["epochs"] == tiny["backbone.epochs"]
    assert config["preset"] == "sound"


def test_fit_again_is_refused_and_resumed_says_the_same(
    topojax: Callable, run: Path, file: Path, tiny: dict[str, Any]
) -> None:
    settings = [part for key, value in tiny.items() for part in ("--set", f"{key}={value}")]
    assert topojax("fit", file, "-o", run, *settings).code == 6
    resumed = topojax("fit", file, "-o", run, "--resume", *settings)
    assert resumed.code == 0
    assert str(run / "report.html") in resumed.out
    assert "auc" in resumed.out
    other = topojax("fit", file, "-o", run, "--resume", *settings, "--seed", 5)
    assert other.code == 6
    assert "seed" in other.err


def test_evaluate_scores_as_the_run_did(
    topojax: Callable, run: Path, file: Path, tmp_path: Path
) -> None:
    outcome = topojax("evaluate", run, file, "--json", tmp_path / "scores.json")
    assert outcome.code == 0, outcome.err
    scores = json.loads((tmp_path / "scores.json").read_text())
    recorded = json.loads((run / "metrics.json").read_text())
    for method in ("topocam", "backbone"):
        for name in ("auc", "accuracy", "f1"):
            assert scores[method][name]["value"] == pytest.approx(
                recorded[method]["test"][name]["value"], abs=1e-6
            )
    assert re.search(r"auc +\d\.\d{3} \[\d\.\d{3}, \d\.\d{3}\]", outcome.out)


def test_predict_writes_what_the_run_did(
    topojax: Callable, run: Path, file: Path, tmp_path: Path
) -> None:
    assert topojax("predict", run, file, "-o", tmp_path / "p.csv").code == 0
    written = np.loadtxt(tmp_path / "p.csv", delimiter=",")
    recorded = np.loadtxt(run / "predictions_test.csv", delimiter=",")
    np.testing.assert_allclose(written, recorded, atol=1e-6)
    printed = topojax("-q", "predict", run, file, "--split", "val").out
    assert len(printed.splitlines()) == 16
    assert topojax("predict", run, file, "-o", tmp_path / "p.csv").code == 6


def test_predict_takes_a_bare_array(
    topojax: Callable, run: Path, discs: Dataset, tmp_path: Path
) -> None:
    np.save(tmp_path / "images.npy", discs.test.images[:3])
    outcome = topojax("-q", "predict", run, tmp_path / "images.npy")
    rows = np.array([row.split(",") for row in outcome.out.splitlines()], float)
    expected = TopoCAM.load(run).predict_proba(discs.test.images[:3])
    np.testing.assert_allclose(rows[:, 1:], expected, atol=1e-5)
    np.save(tmp_path / "small.npy", discs.test.images[:3, :20, :20])
    refused = topojax("predict", run, tmp_path / "small.npy")
    assert refused.code == 3
    assert "(20, 20)" in refused.err


def test_explain_draws_and_keeps_the_arrays(
    topojax: Callable, run: Path, file: Path, tmp_path: Path
) -> None:
    outcome = topojax("explain", run, file, "-i", 0, "-i", 5, "-o", tmp_path / "explained")
    assert outcome.code == 0, outcome.err
    names = sorted(entry.name for entry in (tmp_path / "explained").iterdir())
    assert names == ["image_0.png", "image_5.png", "maps.npz"]
    with np.load(tmp_path / "explained" / "maps.npz") as maps:
        assert maps["layer_maps"].shape == (2, 3, 28, 28)
        assert maps["masks"].any((1, 2)).all()
    beyond = topojax("explain", run, file, "-i", 99, "-o", tmp_path / "other")
    assert beyond.code == 3
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize("suffix", ["npz", "csv"])
def test_features_of_rois_and_of_whole_images(
    topojax: Callable, run: Path, file: Path, tmp_path: Path, suffix: str
) -> None:
    def read(path: Path) -> np.ndarray:
        if suffix == "npz":
            with np.load(path) as arrays:
                assert len(arrays["names"]) == arrays["descriptors"].shape[1]
                return arrays["descriptors"]
        header, *rows = path.read_text().splitlines()
        assert header.startswith("index,betti0_0,")
        return np.array([row.split(",")[1:] for row in rows], np.float32)

    on_rois, whole = tmp_path / f"rois.{suffix}", tmp_path / f"whole.{suffix}"
    assert topojax("features", file, "--run", run, "-o", on_rois).code == 0
    with np.load(run / "features.npz") as recorded:
        np.testing.assert_allclose(read(on_rois), recorded["test_descriptors"], rtol=1e-5)
    settings = ("--set", "topology.n_thresholds=7", "--set", "topology.construction=V")
    assert topojax("features", file, *settings, "-o", whole).code == 0
    descriptors = read(whole)
    assert descriptors.shape == (20, 2 * 7 + 1)
    np.testing.assert_array_equal(descriptors[:, -1], 28 * 28)
    both = topojax("features", file, "--run", run, *settings, "-o", tmp_path / f"b.{suffix}")
    assert both.code == 4


def test_demo_settings_are_the_presets_with_a_small_budget() -> None:
    from topojax.config import make_config
    from topojax.experiments.demo import demo_config, demo_dataset

    config = demo_config("paper", overrides={"search.generations": 2})
    assert (config.preset, config.search.generations) == ("paper", 2)
    assert config.topology == make_config("paper").topology
    data = demo_dataset(3)
    assert (data.shape, len(data.class_names)) == ((28, 28, 28), 3)
