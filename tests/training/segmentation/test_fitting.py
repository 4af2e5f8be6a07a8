"""Training on masks: what is learnt, the epoch that is kept, resuming, what is refused."""

from __future__ import annotations

from dataclasses import astuple
from pathlib import Path

import jax
import numpy as np
import pytest

from topojax.config import SegmentationConfig
from topojax.errors import ConfigError, DataError, TrainingError
from topojax.training.segmentation import FittedUNet, MaskEpoch, dice_scores, fit_unet

from .bright_boxes import bright_boxes

PLANE, VOLUME = (7, 8), (6, 7, 5)


def _fit(train: tuple, val: tuple, **options: object) -> FittedUNet:
    kwargs = {key: options.pop(key) for key in ("folder", "on_epoch") if key in options}
    usual = {"widths": (4, 6), "convolutions": 1, "batch_size": 4, "epochs": 3}
    return fit_unet(SegmentationConfig(**usual | options), train, val, seed=3, **kwargs)


@pytest.fixture(scope="module")
def data() -> tuple:
    """Return small training and validation splits."""
    return bright_boxes(8, PLANE), bright_boxes(4, PLANE, seed=6)


@pytest.mark.parametrize("shape", [PLANE, VOLUME])
def test_one_image_is_learnt_by_heart(shape: tuple[int, ...]) -> None:
    one = bright_boxes(1, shape)
    fitted = _fit(one, one, epochs=60, batch_size=2, learning_rate=0.02)
    assert fitted.history[0].val_dice < 0.9
    assert max(epoch.val_dice for epoch in fitted.history) == 1.0
    np.testing.assert_array_equal(fitted.predict(one[0]).masks, one[1])


def test_the_epoch_of_the_highest_validation_dice_is_kept(data: tuple) -> None:
    fitted = _fit(*data, epochs=4, learning_rate=0.02)
    assert [epoch.epoch for epoch in fitted.history] == [0, 1, 2, 3]
    best = max(fitted.history, key=lambda epoch: (epoch.val_dice, -epoch.val_loss))
    assert fitted.best_epoch == best.epoch
    x, masks = data[1]
    found = dice_scores(fitted.logits(x) > 0, masks).mean()
    assert found == pytest.approx(best.val_dice)


def test_validation_masks_choose_among_epochs_and_change_none(data: tuple) -> None:
    train, (x, masks) = data
    one, other = _fit(train, (x, masks)), _fit(train, (x, ~masks))
    assert [epoch.train_loss for epoch in one.history] == [
        epoch.train_loss for epoch in other.history
    ]
    assert [epoch.val_dice for epoch in one.history] != [epoch.val_dice for epoch in other.history]


@pytest.mark.parametrize("options", [{}, {"flip_axes": (0, 1), "shift": 1, "accumulate": 2}])
def test_resumed_equals_uninterrupted(data: tuple, tmp_path: Path, options: dict) -> None:
    class KilledError(Exception):
        pass

    def kill_after_first(record: MaskEpoch) -> None:
        raise KilledError

    whole = _fit(*data, **options)
    with pytest.raises(KilledError):
        _fit(*data, folder=tmp_path, on_epoch=kill_after_first, **options)
    epochs: list[int] = []
    resumed = _fit(*data, folder=tmp_path, on_epoch=lambda r: epochs.append(r.epoch), **options)
    assert epochs == [1, 2]
    assert [astuple(r) for r in resumed.history] == [astuple(r) for r in whole.history]
    for x, y in zip(jax.tree.leaves(resumed.params), jax.tree.leaves(whole.params), strict=True):
        np.testing.assert_array_equal(x, y)


def test_images_are_read_one_by_one(data: tuple) -> None:
    fitted, (x, _) = _fit(*data, epochs=1), data[0]
    together = fitted.logits(x)
    np.testing.assert_allclose(fitted.logits(x[5:6]), together[5:6], rtol=1e-4, atol=1e-5)


def test_divergence_is_said_with_its_cure(data: tuple) -> None:
    with pytest.raises(TrainingError, match=r"lower segmentation\.learning_rate"):
        _fit(*data, epochs=2, learning_rate=1e30)


def test_what_cannot_be_trained_on_is_refused(data: tuple) -> None:
    (x, masks), val = data
    with pytest.raises(DataError, match=r"train_masks has shape.*expected \(8, 7, 8\)"):
        _fit((x, masks[:, 1:]), val)
    with pytest.raises(DataError, match="val_masks holds 2"):
        _fit((x, masks), (val[0], 2 * val[1].astype(int)))
    with pytest.raises(DataError, match="no foreground in any of 8"):
        _fit((x, np.zeros_like(masks)), val)
    with pytest.raises(DataError, match="single voxel"):
        _fit((x, masks), val, widths=(2, 2, 2, 2))
    with pytest.raises(ConfigError, match=r"segmentation\.flip_axes=\[2\].*below 2"):
        _fit((x, masks), val, flip_axes=(2,))
