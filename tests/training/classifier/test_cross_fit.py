"""Classifiers of many candidates: none knows of another, and none of rows that it is not given."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from topojax.training import MLPSettings, cross_fit_logits, padded_rows, train_mlps
from topojax.training.classifier.standardisation import Standardisation

N, F, CLASSES = 61, 5, 3
SETTINGS = MLPSettings(CLASSES, (16, 8), epochs=4, batch_size=16, learning_rate=1e-2)
LABELS = np.arange(N) % CLASSES
FOLDS = [
    (np.flatnonzero(np.arange(N) % 4 != fold), np.flatnonzero(np.arange(N) % 4 == fold))
    for fold in range(4)
]


@pytest.fixture
def descriptors(rng: np.random.Generator) -> np.ndarray:
    """Return descriptors of seven candidates."""
    return rng.normal(3, 2, (7, N, F)).astype(np.float32)


def fit(
    descriptors: np.ndarray,
    *,
    kept: np.ndarray | None = None,
    labels: np.ndarray = LABELS,
    folds: list[tuple[np.ndarray, np.ndarray]] = FOLDS,
    settings: MLPSettings = SETTINGS,
    n_threads: int | None = None,
) -> tuple[np.ndarray, ...]:
    if kept is None:
        kept = np.ones(descriptors.shape[:2], bool)
    key = jax.random.key(4)
    return cross_fit_logits(key, descriptors, labels, folds, kept, settings, n_threads=n_threads)


def equal(left: tuple[np.ndarray, ...], right: tuple[np.ndarray, ...]) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(left, right, strict=True))


def test_logits_are_those_of_the_scored_rows_of_each_split(descriptors: np.ndarray) -> None:
    logits = fit(descriptors)
    assert [one.shape for one in logits] == [(7, len(rows), CLASSES) for _, rows in FOLDS]
    assert all(one.dtype == np.float32 for one in logits)


@pytest.mark.parametrize("n_threads", [1, 2, 3])
def test_neither_threads_nor_the_other_candidates_matter(
    descriptors: np.ndarray, n_threads: int
) -> None:
    together = fit(descriptors)
    assert equal(together, fit(descriptors, n_threads=n_threads))
    turned = fit(descriptors[::-1], n_threads=n_threads)
    assert equal(together, tuple(one[::-1] for one in turned))
    alone = fit(descriptors[4:5], n_threads=n_threads)
    assert equal(tuple(one[4:5] for one in together), alone)


def test_held_out_rows_have_no_influence(descriptors: np.ndarray, rng: np.random.Generator) -> None:
    held_out = FOLDS[0][1]
    spoilt, wrong = descriptors.copy(), LABELS.copy()
    # Every other held-out row is kept, to see that its logits stay.
    spoilt[:, held_out[::2]] = rng.standard_normal((7, len(held_out[::2]), F)) * 100
    wrong[held_out] = (wrong[held_out] + 1) % CLASSES
    clean, dirty = fit(descriptors), fit(spoilt, labels=wrong)
    np.testing.assert_array_equal(clean[0][:, 1::2], dirty[0][:, 1::2])
    assert not np.array_equal(clean[1], dirty[1])


@pytest.mark.parametrize("standardise", [True, False])
def test_samples_that_are_not_kept_have_no_influence(
    descriptors: np.ndarray, rng: np.random.Generator, standardise: bool
) -> None:
    settings = MLPSettings(CLASSES, (16, 8), 4, 16, 1e-2, standardise)
    kept = rng.random((7, N)) < 0.7
    spoilt = np.where(kept[:, :, None], descriptors, 1e3).astype(np.float32)
    clean = fit(descriptors, kept=kept, settings=settings)
    dirty = fit(spoilt, kept=kept, settings=settings)
    for a, b, (_, scored) in zip(clean, dirty, FOLDS, strict=True):
        np.testing.assert_array_equal(a[kept[:, scored]], b[kept[:, scored]])
    assert not equal(clean, fit(descriptors, settings=settings))


def test_a_candidate_without_a_sample_to_train_on_has_no_logits(descriptors: np.ndarray) -> None:
    kept = np.ones((7, N), bool)
    kept[2, FOLDS[1][0]] = False
    logits = fit(descriptors, kept=kept)
    assert np.isnan(logits[1][2]).all()
    assert np.isfinite(np.delete(logits[1], 2, axis=0)).all()
    assert np.isfinite(logits[0]).all()


def test_each_fold_is_standardised_by_its_own_rows(descriptors: np.ndarray) -> None:
    shifted = [(rows, scored) for rows, scored in FOLDS[:2]]
    joint = fit(descriptors, folds=shifted)
    raw = MLPSettings(CLASSES, (16, 8), 4, 16, 1e-2, standardise=False)
    for i, (rows, _) in enumerate(shifted):
        own = np.stack([Standardisation.fit(matrix[rows])(matrix) for matrix in descriptors])
        np.testing.assert_allclose(
            joint[i], fit(own, folds=shifted, settings=raw)[i], rtol=1e-5, atol=1e-5
        )


def test_all_start_alike_and_see_the_same_batches(descriptors: np.ndarray) -> None:
    same = np.broadcast_to(descriptors[:1], descriptors.shape)
    for logits in fit(same):
        np.testing.assert_array_equal(logits, np.broadcast_to(logits[:1], logits.shape))


def test_padding_of_shorter_folds_has_no_influence(descriptors: np.ndarray) -> None:
    rows, present = padded_rows([np.arange(40), np.arange(20, 50)])
    assert rows.dtype == np.int32
    assert rows.shape == present.shape == (2, 40)
    assert present.sum(axis=1).tolist() == [40, 30]
    other = np.where(present, rows, 60)

    def train(rows: np.ndarray) -> list[np.ndarray]:
        params = train_mlps(
            jax.random.key(0),
            descriptors[:2],
            LABELS,
            rows,
            np.broadcast_to(present, (2, 2, 40)).astype(np.float32),
            Standardisation.stack([Standardisation.identity(F)] * 4, (2, 2)),
            settings=SETTINGS,
        )
        return [np.asarray(leaf) for leaf in jax.tree.leaves(params)]

    for a, b in zip(train(rows), train(other), strict=True):
        assert a.shape[:2] == (2, 2)
        np.testing.assert_array_equal(a, b)


def test_an_epoch_sees_every_row(rng: np.random.Generator) -> None:
    # One update an epoch moves with the gradient of the mean loss of all rows, whatever the order.
    x = rng.standard_normal((1, N, F)).astype(np.float32)
    full = MLPSettings(CLASSES, (16,), epochs=3, batch_size=N, learning_rate=1e-2)
    folds = [(np.arange(N), np.arange(N))]
    order = rng.permutation(N)
    (straight,) = fit(x, folds=folds, settings=full)
    (permuted,) = fit(x, folds=[(order, np.arange(N))], settings=full)
    np.testing.assert_allclose(straight, permuted, rtol=1e-4, atol=1e-5)
