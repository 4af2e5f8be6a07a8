"""Runs of segment, then analyse: what they keep, and a killed one is gone on with."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from topojax.config import Config, SegmentationConfig
from topojax.data import SPLITS, Dataset, Masks, fewer_images, fewer_rows
from topojax.errors import DataError, RunError
from topojax.evaluation import Scores
from topojax.experiments.reproduce import Asked, Choices, reproduce
from topojax.experiments.reproduce.made.running import run_all
from topojax.experiments.reproduce.made.segmentation_run import SegmentationScores, segmentation_run
from topojax.experiments.reproduce.planned import PlannedRun
from topojax.experiments.reproduce.reading import Reader
from topojax.experiments.segmentation import TrueMasks
from topojax.runs import read_predictions
from topojax.training.segmentation import fitting


def _run(few: Dataset, masks: TrueMasks, config: Config, small: SegmentationConfig) -> PlannedRun:
    return PlannedRun("segmentation", "few", config, small)


def _given(masks: TrueMasks) -> Masks:
    found = {split: masks.of(split) for split in SPLITS}
    return {split: one for split, one in found.items() if one is not None}


def test_a_killed_run_goes_on_to_the_same_scores(
    few: Dataset,
    masks: TrueMasks,
    config: Config,
    small: SegmentationConfig,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    segmentation_run(few, masks, config, small, tmp_path / "whole")
    epochs: list[int] = []
    judged = fitting._judged

    def killed(*given: Any) -> Any:
        epochs.append(1)
        if len(epochs) == small.epochs + 2:
            raise KeyboardInterrupt
        return judged(*given)

    monkeypatch.setattr(fitting, "_judged", killed)
    path = tmp_path / "killed"
    with pytest.raises(KeyboardInterrupt):
        segmentation_run(few, masks, config, small, path)
    assert not (path / "scores.json").exists()
    segmentation_run(few, masks, config, small, path)
    # Of the second network, the epoch in which it was killed alone.
    assert len(epochs) == small.epochs + 3
    whole, gone_on = (SegmentationScores.read(one) for one in (tmp_path / "whole", path))
    assert gone_on.model_copy(update={"seconds": whole.seconds}) == whole
    np.testing.assert_array_equal(
        *(read_predictions(p, "test") for p in (tmp_path / "whole", path))
    )
    assert not (path / "checkpoint").exists() or not any((path / "checkpoint").iterdir())
    # A run that is done is left alone; one of other masks is another.
    segmentation_run(few, masks, config, small, path)
    assert len(epochs) == small.epochs + 3
    with pytest.raises(RunError, match=r"other masks .* \(segmentation\.json"):
        segmentation_run(few, replace(masks, test=None), config, small, path)


def test_scores_reach_the_table_with_the_dice_of_test_masks(
    few: Dataset, masks: TrueMasks, config: Config, small: SegmentationConfig, tmp_path: Path
) -> None:
    overrides = {
        "topology.n_thresholds": 6,
        "classifier.epochs": 5,
        "evaluation.n_bootstrap": 100,
        **{f"segmentation.{key}": value for key, value in small.model_dump().items()},
    }
    cut = 6
    rows = fewer_rows(few, cut, np.random.default_rng(0))
    read: list[tuple[str, int | None]] = []

    def read_masks(name: str, size: int | None) -> Masks:
        read.append((name, size))
        return _given(masks)

    (table,) = reproduce(
        Asked((8,), ("mine.npz",), ("segment-betti",)),
        Choices(size=14, overrides=overrides, cut=cut),
        lambda name, size: few,
        tmp_path,
        read_masks=read_masks,
    )
    assert read == [("mine.npz", 14)]
    (row,) = table.rows
    assert (row.why_not, row.starts, len(row.notes)) == ((), "scratch", 1)
    assert row.notes[0].startswith("seed 0: Dice of the predicted masks of 6 test images 0.")
    (folder,) = (path for path in (tmp_path / "runs").iterdir() if path.is_dir())
    assert folder.name.startswith("mine_segment-betti_seed0_")
    names = {path.name for path in folder.iterdir()}
    assert {"config.json", "segmentation.json", "environment.json", "log.jsonl"} <= names
    found = SegmentationScores.read(folder)
    assert found.test.keys() == {"topology", "volumes", "roi-size"}
    assert Scores.from_json(found.test["topology"]).metrics["auc"] == row.cells[0].ours
    assert {split: len(dice) for split, dice in found.dice.items()} == {
        split: len(rows[split]) for split in SPLITS
    }
    for name in ("tables.md", "tables.tex", "tables.html"):
        assert "Dice of the predicted masks of 6 test images" in (tmp_path / name).read_text(
            "utf-8"
        )


def test_without_masks_the_row_alone_is_not_made(
    few: Dataset,
    masks: TrueMasks,
    config: Config,
    small: SegmentationConfig,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[str] = []
    monkeypatch.setattr(
        "topojax.experiments.reproduce.made.one_run.fit_run",
        lambda dataset, config, path, **named: made.append(path.name),
    )

    def lacking(name: str, size: int | None) -> Masks:
        raise DataError(f"{name} holds no train_masks; save them there")

    run = _run(few, masks, config, small)
    method = PlannedRun("method", "few", config)
    outcomes = run_all([run, method], lambda *given: few, tmp_path, read_masks=lacking)
    assert outcomes[run].failure == "few holds no train_masks; save them there"
    assert (outcomes[run].scores("topology"), outcomes[run].notes()) == (None, ())
    assert (outcomes[method].failure, len(made)) == (None, 1)
    # Masks of other images are refused as those that are missing.
    short = {split: one[1:] for split, one in _given(masks).items()}
    outcomes = run_all([run], lambda *given: few, tmp_path, read_masks=lambda *given: short)
    assert "train_masks has shape" in str(outcomes[run].failure)


def test_folders_tell_masks_and_networks_apart(
    few: Dataset,
    masks: TrueMasks,
    config: Config,
    small: SegmentationConfig,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[str] = []
    monkeypatch.setattr(
        "topojax.experiments.reproduce.made.one_run.segmentation_run",
        lambda *given, **named: made.append(given[-1].name),
    )
    run = _run(few, masks, config, small)
    longer = replace(run, segmentation=small.model_copy(update={"epochs": 3}))
    other = _given(masks) | {"test": ~masks.test}
    for runs, drawn in (([run, longer], _given(masks)), ([run], other)):
        run_all(runs, lambda *given: few, tmp_path, read_masks=lambda *given, d=drawn: d)
    assert len(set(made)) == 3


def test_a_cut_leaves_the_masks_of_its_images(few: Dataset, masks: TrueMasks) -> None:
    reader = Reader(lambda *_: few, lambda *_: _given(masks), Choices(cut=5))
    dataset, drawn = reader.images("few", None), reader.masks("few", None)
    for split in SPLITS:
        np.testing.assert_array_equal(drawn[split], dataset.split(split).images > 0.5)
    assert fewer_images(few, 5, np.random.default_rng(0)).fingerprint() == dataset.fingerprint()
