"""Fine-tuning: the best epoch is kept, resuming is exact, divergence is said."""

from __future__ import annotations

from pathlib import Path

import jax
import numpy as np
import pytest

from topojax.config import BackboneConfig
from topojax.errors import TrainingError
from topojax.training import EpochRecord, FittedBackbone, Normalisation, fine_tune

SETTINGS = {"epochs": 3, "batch_size": 8}


@pytest.fixture(scope="module")
def data() -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    rng = np.random.default_rng(5)
    labels = np.arange(20) % 2
    images = rng.standard_normal((20, 17, 18, 1)).astype(np.float32)
    images[labels == 1, 4:12, 4:12] += 2
    return (images[:12], labels[:12]), (images[12:], labels[12:])


def _fit(data: tuple, config: BackboneConfig, **kwargs: object) -> FittedBackbone:
    return fine_tune(config, "resnet18", *data, 2, seed=3, **kwargs)


def _assert_equal(a: FittedBackbone, b: FittedBackbone) -> None:
    assert (a.history, a.best_epoch) == (b.history, b.best_epoch)
    for x, y in zip(
        jax.tree.leaves((a.params, a.stats)), jax.tree.leaves((b.params, b.stats)), strict=True
    ):
        np.testing.assert_array_equal(x, y)


def test_the_epoch_of_the_highest_validation_auc_is_kept(data: tuple, tmp_path: Path) -> None:
    fitted = _fit(data, BackboneConfig(**SETTINGS))
    assert [record.epoch for record in fitted.history] == [0, 1, 2]
    best = max(fitted.history, key=lambda record: (record.val_auc, -record.val_loss))
    assert fitted.best_epoch == best.epoch
    # Training that stops at the best epoch ends with the very same network.
    stopped = _fit(data, BackboneConfig(epochs=fitted.best_epoch + 1, batch_size=8))
    for x, y in zip(jax.tree.leaves(fitted.params), jax.tree.leaves(stopped.params), strict=True):
        np.testing.assert_array_equal(x, y)


def test_resumed_equals_uninterrupted(data: tuple, tmp_path: Path) -> None:
    config = BackboneConfig(**SETTINGS)
    whole = _fit(data, config)

    class KilledError(Exception):
        pass

    def kill_after_first(record: EpochRecord) -> None:
        if record.epoch == 0:
            raise KilledError

    with pytest.raises(KilledError):
        _fit(data, config, folder=tmp_path, on_epoch=kill_after_first)
    epochs: list[int] = []
    resumed = _fit(data, config, folder=tmp_path, on_epoch=lambda r: epochs.append(r.epoch))
    assert epochs == [1, 2]
    _assert_equal(resumed, whole)


def test_divergence_is_said_with_its_cure(data: tuple) -> None:
    config = BackboneConfig(epochs=2, batch_size=8, learning_rate=1e30)
    with pytest.raises(TrainingError, match=r"lower backbone\.learning_rate"):
        _fit(data, config)


@pytest.mark.parametrize("channels", [(), (3,)])
def test_normalised_images_have_zero_mean_and_unit_variance(
    rng: np.random.Generator, channels: tuple[int, ...]
) -> None:
    images = rng.normal(3, 2, (30, 8, 9, *channels)).astype(np.float32)
    inputs = Normalisation.fit(images, 2)(images, 2)
    assert inputs.shape == (30, 8, 9, *(channels or (1,)))
    np.testing.assert_allclose(inputs.mean((0, 1, 2)), 0, atol=1e-5)
    np.testing.assert_allclose(inputs.std((0, 1, 2)), 1, atol=1e-5)
    constant = Normalisation.fit(np.ones((2, 4, 4), np.float32), 2)
    np.testing.assert_array_equal(constant(np.ones((1, 4, 4), np.float32), 2), 0)
