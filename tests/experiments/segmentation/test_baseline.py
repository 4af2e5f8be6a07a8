"""From images and masks to scores: what comes out, what labels may reach, what is refused."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from topojax.config import Config, SegmentationConfig, make_config
from topojax.data import SPLITS, Dataset, Split
from topojax.errors import ConfigError, DataError
from topojax.experiments.segmentation import (
    SegmentThenAnalyse,
    TrueMasks,
    analyse_regions,
    segment_then_analyse,
)
from topojax.topology import grey_images, masked_betti_curves

KINDS = {"topology", "volumes", "roi-size"}


@pytest.fixture(scope="module")
def found(
    few: Dataset, masks: TrueMasks, config: Config, small: SegmentationConfig
) -> SegmentThenAnalyse:
    """Return the baseline on the discs."""
    return segment_then_analyse(few, masks, config, small)


def test_it_gives_scores_dice_and_counts(found: SegmentThenAnalyse, few: Dataset) -> None:
    assert found.scores.keys() == found.probabilities.keys() == KINDS
    for kind in KINDS:
        assert found.scores[kind].keys() == {"val", "test"}
        for split, p in found.probabilities[kind].items():
            assert p.shape == (len(few.split(split).labels), 2)
            np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-5)
            assert found.scores[kind][split].n == len(p)
    assert found.dice.keys() == found.n_empty.keys() == set(SPLITS)
    for split, dice in found.dice.items():
        assert dice.shape == few.split(split).labels.shape
        assert ((dice >= 0) & (dice <= 1)).all()


def test_labels_reach_no_mask_and_those_outside_training_scores_alone(
    found: SegmentThenAnalyse,
    few: Dataset,
    masks: TrueMasks,
    config: Config,
    small: SegmentationConfig,
) -> None:
    def turned(*names: str) -> SegmentThenAnalyse:
        changes = {n: replace(few.split(n), labels=1 - few.split(n).labels) for n in names}
        return segment_then_analyse(replace(few, **changes), masks, config, small)

    held_out, all_splits = turned("val", "test"), turned(*SPLITS)
    for other in (held_out, all_splits):
        for split in SPLITS:
            np.testing.assert_array_equal(found.dice[split], other.dice[split])
    same = [
        np.array_equal(
            found.probabilities["topology"][split], other.probabilities["topology"][split]
        )
        for split in ("val", "test")
        for other in (held_out, all_splits)
    ]
    assert same == [True, False, True, False]
    ours, theirs = (one.scores["topology"]["test"].metrics["auc"] for one in (found, held_out))
    assert theirs.value == pytest.approx(1 - ours.value)


def test_masks_of_test_images_reach_their_dice_alone(
    found: SegmentThenAnalyse,
    few: Dataset,
    masks: TrueMasks,
    config: Config,
    small: SegmentationConfig,
) -> None:
    without = segment_then_analyse(few, replace(masks, test=None), config, small)
    assert without.dice.keys() == {"train", "val"}
    assert without.scores == found.scores
    np.testing.assert_array_equal(
        without.probabilities["topology"]["test"], found.probabilities["topology"]["test"]
    )


def test_empty_predictions_are_kept_counted_and_said(
    few: Dataset,
    masks: TrueMasks,
    config: Config,
    small: SegmentationConfig,
    caplog: pytest.LogCaptureFixture,
) -> None:
    rare = np.zeros_like(masks.train)
    rare[::2, 0, 0] = True
    # One pixel of 392, and validation masks that prefer none.
    settings = small.model_copy(update={"epochs": 30, "learning_rate": 0.05})
    with caplog.at_level(logging.WARNING):
        found = segment_then_analyse(
            few, TrueMasks(rare, np.zeros_like(masks.val)), config, settings
        )
    assert sum(found.n_empty.values()) > 0
    said = [record.getMessage() for record in caplog.records if "no voxel" in record.getMessage()]
    assert len(said) == sum(n > 0 for n in found.n_empty.values())
    assert found.scores["topology"]["test"].n == len(few.test.labels)


@pytest.mark.slow
def test_volumes_are_analysed_too(
    rng: np.random.Generator, config: Config, small: SegmentationConfig
) -> None:
    labels = np.arange(8) % 2
    images = rng.random((8, 7, 6, 5)).astype(np.float32)
    cubes = np.zeros(images.shape, bool)
    cubes[:, 1:4, 1:4, 1:4] = True
    images[cubes] += 1 + np.repeat(labels, 27)
    split = Split(images, labels)
    dataset = Dataset("cubes", split, split, split, ("a", "b"), 3, "made here")
    settings = small.model_copy(update={"epochs": 1})
    found = segment_then_analyse(dataset, TrueMasks(cubes, cubes), config, settings)
    assert found.probabilities["topology"]["test"].shape == (8, 2)


def test_regions_are_described_on_the_training_splits_grid(
    few: Dataset, given: dict, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[np.ndarray] = []

    class Constant:
        def probabilities(self, rows: np.ndarray) -> np.ndarray:
            seen.append(rows)
            return np.full((len(rows), 2), 0.5, np.float32)

    module = "topojax.experiments.segmentation.analysis.fit_classifier"
    monkeypatch.setattr(module, lambda *arguments: Constant())
    analyse_regions(few, given, config)
    grey, inside = grey_images(few.test.images, 2), given["test"][0]
    grid = np.linspace(few.train.images.min(), few.train.images.max(), 6)
    curves = masked_betti_curves(grey, inside, grid, background="exclude", construction="T")
    sizes = inside.sum((1, 2))
    # Of each kind the validation split comes first: topology, volumes, the size alone.
    assert len(seen) == 6
    expected = (curves / sizes[:, None, None]).reshape(len(curves), -1)
    np.testing.assert_allclose(seen[1][:, :-1], expected, rtol=1e-6)
    np.testing.assert_array_equal(seen[1][:, -1], sizes)
    np.testing.assert_array_equal(seen[5], sizes[:, None])


def test_probabilities_of_several_networks_are_averaged(
    few: Dataset, given: dict, config: Config
) -> None:
    other = [np.ones_like(given["test"][0])]
    one, two, both = (
        analyse_regions(few, given | {"test": regions}, config)["topology"]["test"]
        for regions in (given["test"], other, [*given["test"], *other])
    )
    np.testing.assert_allclose(both, (one + two) / 2, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize(
    ("overrides", "key"),
    [
        ({"classifier.features": "embedding"}, "classifier.features='embedding'"),
        ({"classifier.calibrate": True}, "classifier.calibrate=True"),
        ({"preset": "official"}, "topology.empty_roi='drop'"),
    ],
)
def test_settings_without_a_meaning_are_refused(
    few: Dataset, masks: TrueMasks, small: SegmentationConfig, overrides: dict, key: str
) -> None:
    with pytest.raises(ConfigError, match=f"{key} has no meaning"):
        segment_then_analyse(few, masks, make_config(overrides=overrides), small)


def test_what_would_stop_the_analysis_is_refused_before_training(
    few: Dataset, masks: TrueMasks, small: SegmentationConfig, tmp_path: Path
) -> None:
    constant = replace(few, train=replace(few.train, images=np.ones_like(few.train.images)))
    once = masks.train.copy()
    once[1:] = False
    auto = {"classifier.model": "auto", "classifier.selection_folds": 10}
    for dataset, train_masks, overrides, error, message in (
        (few, masks.train, {"topology.filtrations": ["nonsense"]}, ConfigError, "nonsense"),
        (constant, masks.train, {}, DataError, "constant at 1"),
        (few, masks.train, auto, DataError, "selection_folds"),
        (few, once, {}, DataError, "no foreground in any of 6"),
    ):
        given = replace(masks, train=train_masks)
        with pytest.raises(error, match=message):
            segment_then_analyse(
                dataset, given, make_config(overrides=overrides), small, folder=tmp_path / "state"
            )
    assert not (tmp_path / "state").exists()


def test_empty_regions_and_those_of_other_images_are_refused(
    few: Dataset, given: dict, config: Config
) -> None:
    nothing = given["test"][0].copy()
    nothing[3] = False
    with pytest.raises(DataError, match=r"1 masks of the test split are empty, .* sample 3"):
        analyse_regions(few, given | {"test": [nothing]}, config)
    for wrong in (nothing[1:], nothing.astype(np.uint8)):
        with pytest.raises(DataError, match=r"expected bool of shape \(8, 14, 14\)"):
            analyse_regions(few, given | {"test": [wrong]}, config)
