"""Predicted masks: which network reads which image, and what of a mask may reach which other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from topojax.config import SegmentationConfig
from topojax.data import SPLITS, Dataset
from topojax.errors import DataError, RunError
from topojax.experiments.segmentation import TrueMasks, predict_regions
from topojax.experiments.segmentation.regions import Regions, mask_folds

SEED = 11
Predict = Callable[..., Regions]


@pytest.fixture
def predict(few: Dataset, masks: TrueMasks, small: SegmentationConfig) -> Predict:
    """Return a function that predicts with other training or validation masks."""

    def run(
        train: np.ndarray | None = None,
        val: np.ndarray | None = None,
        config: SegmentationConfig = small,
        folder: Path | None = None,
    ) -> Regions:
        return predict_regions(
            {name: few.split(name).images for name in SPLITS},
            masks.train if train is None else train,
            masks.val if val is None else val,
            config,
            spatial_dims=2,
            seed=SEED,
            folder=folder,
        )

    return run


def _masks(regions: Regions) -> dict[str, list[np.ndarray]]:
    return {split: [part.masks for part in parts] for split, parts in regions.items()}


def test_masks_of_a_fold_reach_none_of_its_own_predictions(
    predict: Predict, masks: TrueMasks
) -> None:
    (_, first), (_, second) = mask_folds(len(masks.train), 2, SEED)
    changed = masks.train.copy()
    changed[first] = changed[first][::-1]
    assert (changed != masks.train).any()
    one, other = _masks(predict()), _masks(predict(train=changed))
    np.testing.assert_array_equal(one["train"][0][first], other["train"][0][first])
    # The other fold is predicted by the network that was taught them.
    assert (one["train"][0][second] != other["train"][0][second]).any()
    # So is every image of another split, by one of the two networks.
    for split in ("val", "test"):
        np.testing.assert_array_equal(one[split][0], other[split][0])
        assert (one[split][1] != other[split][1]).any()


def test_validation_masks_choose_the_epoch_alone(
    predict: Predict, masks: TrueMasks, small: SegmentationConfig
) -> None:
    once = small.model_copy(update={"epochs": 1})
    one, other = (_masks(predict(val=val, config=once)) for val in (masks.val, ~masks.val))
    for split in SPLITS:
        for a, b in zip(one[split], other[split], strict=True):
            np.testing.assert_array_equal(a, b)


def test_every_training_image_is_predicted_once_and_others_by_all_networks(
    predict: Predict, few: Dataset, small: SegmentationConfig
) -> None:
    for folds in (1, 2):
        found = predict(config=small.model_copy(update={"folds": folds, "epochs": 1}))
        assert {split: len(parts) for split, parts in found.items()} == {
            "train": 1,
            "val": folds,
            "test": folds,
        }
        for split, parts in found.items():
            for part in parts:
                assert part.masks.shape == few.split(split).images.shape
                assert part.masks.reshape(len(part.masks), -1).any(axis=1).all()
                assert part.empty.shape == (len(part.masks),)


def test_folds_hold_every_image_out_once() -> None:
    folds = mask_folds(10, 3, 0)
    assert sorted(np.concatenate([held for _, held in folds]).tolist()) == list(range(10))
    for fitted, held in folds:
        assert sorted([*fitted, *held]) == list(range(10))
    ((fitted, held),) = mask_folds(4, 1, 0)
    assert fitted.tolist() == held.tolist() == [0, 1, 2, 3]
    with pytest.raises(DataError, match=r"2 training images, fewer than folds=3"):
        mask_folds(2, 3, 0)


def test_masks_that_do_not_fit_the_images_are_refused(few: Dataset, masks: TrueMasks) -> None:
    wrong = replace(masks, test=masks.test[:-1])
    with pytest.raises(DataError, match=r"test_masks has shape \(7, 14, 14\)"):
        wrong.checked(few)
    assert replace(masks, test=None).checked(few).test is None


def test_a_folder_is_gone_on_from_by_the_same_run_alone(
    predict: Predict, masks: TrueMasks, small: SegmentationConfig, tmp_path: Path
) -> None:
    folder = tmp_path / "state"
    first = _masks(predict(folder=folder))
    written = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    assert {"run.json", "fold_0", "fold_1"} == {path.name for path in folder.iterdir()}
    again = _masks(predict(folder=folder))
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == written
    for split in SPLITS:
        np.testing.assert_array_equal(first[split], again[split])
    with pytest.raises(RunError, match="a run of other segmentation "):
        predict(folder=folder, config=small.model_copy(update={"epochs": 3}))
    with pytest.raises(RunError, match="a run of other sha256 "):
        predict(folder=folder, val=~masks.val)
    with pytest.raises(RunError, match=r"not empty and holds no run\.json"):
        predict(folder=tmp_path)
    (folder / "run.json").write_text("[")
    with pytest.raises(RunError, match=r"run\.json cannot be read"):
        predict(folder=folder)
