"""Fine-tuning: the best epoch is kept, resuming is exact, options do what they say."""

from __future__ import annotations

from pathlib import Path

import jax
import numpy as np
import pytest

from topojax.config import BackboneConfig
from topojax.errors import ConfigError, TrainingError
from topojax.training import EpochRecord, FittedBackbone, fine_tune

EVERYTHING = {
    "schedule": "cosine",
    "warmup_epochs": 1,
    "class_weights": "balanced",
    "flip_axes": (0, 1),
    "shift": 2,
    "accumulate": 2,
}


def _fit(data: tuple, name: str = "tiny", **options: object) -> FittedBackbone:
    kwargs = {key: options.pop(key) for key in ("folder", "on_epoch") if key in options}
    config = BackboneConfig(**{"epochs": 4, "batch_size": 8} | options)
    return fine_tune(config, name, *data, 2, seed=3, **kwargs)


def _assert_equal(a: FittedBackbone, b: FittedBackbone) -> None:
    assert (a.history, a.best_epoch) == (b.history, b.best_epoch)
    for x, y in zip(
        jax.tree.leaves((a.params, a.stats)), jax.tree.leaves((b.params, b.stats)), strict=True
    ):
        np.testing.assert_array_equal(x, y)


def test_the_epoch_of_the_highest_validation_auc_is_kept(data: tuple) -> None:
    fitted = _fit(data)
    assert [record.epoch for record in fitted.history] == [0, 1, 2, 3]
    best = max(fitted.history, key=lambda record: (record.val_auc, -record.val_loss))
    assert fitted.best_epoch == best.epoch
    # Training that stops at the best epoch ends with the very same network.
    stopped = _fit(data, epochs=fitted.best_epoch + 1)
    for x, y in zip(jax.tree.leaves(fitted.params), jax.tree.leaves(stopped.params), strict=True):
        np.testing.assert_array_equal(x, y)


@pytest.mark.parametrize(
    "options", [{}, EVERYTHING, {"schedule": "one-cycle", "precision": "bfloat16"}]
)
def test_resumed_equals_uninterrupted(data: tuple, tmp_path: Path, options: dict) -> None:
    class KilledError(Exception):
        pass

    def kill_after_second(record: EpochRecord) -> None:
        if record.epoch == 1:
            raise KilledError

    whole = _fit(data, **options)
    with pytest.raises(KilledError):
        _fit(data, folder=tmp_path, on_epoch=kill_after_second, **options)
    epochs: list[int] = []
    resumed = _fit(data, folder=tmp_path, on_epoch=lambda r: epochs.append(r.epoch), **options)
    assert epochs == [2, 3]
    _assert_equal(resumed, whole)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == [f"best_{whole.best_epoch:05d}", "epoch_00003"]


def test_augmentation_changes_training_and_repeats_with_the_seed(data: tuple) -> None:
    still, moving = _fit(data, epochs=2), _fit(data, epochs=2, shift=1, flip_axes=(0,))
    assert still.history != moving.history
    _assert_equal(moving, _fit(data, epochs=2, shift=1, flip_axes=(0,)))


def test_a_network_learns_in_bfloat16_with_weights_in_float32(data: tuple) -> None:
    options = {"epochs": 20, "learning_rate": 0.05}
    rounded, exact = _fit(data, precision="bfloat16", **options), _fit(data, **options)
    losses = [[record.train_loss for record in fit.history] for fit in (rounded, exact)]
    assert losses[0][-1] < 0.85 * losses[0][0]
    assert losses[0] != losses[1]
    np.testing.assert_allclose(*losses, atol=0.05)
    dtypes = {leaf.dtype.name for leaf in jax.tree.leaves((rounded.params, rounded.stats))}
    assert dtypes == {"float32", "uint32"}  # uint32: the key of the dropout


def test_a_small_split_is_one_batch_whatever_its_parts(data: tuple) -> None:
    (x, y), val = data
    fitted = _fit(((x[:5], y[:5]), val), batch_size=32, accumulate=4, epochs=1)
    assert np.isfinite(fitted.history[0].train_loss)


def test_divergence_is_said_with_its_cure(data: tuple) -> None:
    with pytest.raises(TrainingError, match=r"lower backbone\.learning_rate"):
        _fit(data, name="plain", epochs=2, learning_rate=1e30)


def test_axes_that_images_do_not_have_are_refused(data: tuple) -> None:
    with pytest.raises(ConfigError, match=r"flip_axes=\[2\].*below 2"):
        _fit(data, flip_axes=(2,))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 8, "accumulate": 3}, "accumulate=3 must divide batch_size=8"),
        ({"epochs": 2, "warmup_epochs": 2}, "warmup_epochs=2 must be below epochs=2"),
        ({"schedule": "one-cycle", "warmup_epochs": 1}, "rise of its own"),
        ({"flip_axes": (1, 1)}, "twice"),
        ({"flip_axes": (3,)}, "less than or equal to 2"),
        ({"precision": "float16"}, "bfloat16"),
    ],
)
def test_options_that_do_not_fit_together_are_refused(options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        BackboneConfig(**options)
