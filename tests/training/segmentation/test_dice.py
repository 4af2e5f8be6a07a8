"""Dice's coefficient and the loss against closed forms, masks that are refused."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from topojax.errors import DataError
from topojax.training.segmentation import PredictedMasks, dice_scores, validate_masks
from topojax.training.segmentation.loss import dice_and_cross_entropy

SHAPES = array_shapes(min_dims=3, max_dims=4, max_side=4)


@given(st.data(), SHAPES)
def test_dice_is_one_of_equal_masks_zero_of_disjoint_ones_and_symmetric(
    data: st.DataObject, shape: tuple[int, ...]
) -> None:
    one, other = (data.draw(arrays(np.bool_, shape)) for _ in range(2))
    np.testing.assert_array_equal(dice_scores(one, one), 1)
    some = (one | other).reshape(len(one), -1).any(axis=1)
    np.testing.assert_array_equal(dice_scores(one, other & ~one)[some], 0)
    np.testing.assert_array_equal(dice_scores(one, other), dice_scores(other, one))


def test_dice_of_half_overlapping_boxes() -> None:
    one, other = np.zeros((2, 1, 4, 4, 4), bool)
    one[:, :2], other[:, 1:3] = True, True
    assert dice_scores(one, other).tolist() == [0.5]
    assert dice_scores(one, one | other).tolist() == [pytest.approx(2 * 2 / (2 + 3))]
    assert dice_scores(one[:, :0], other[:, :0]).tolist() == [1.0]


@pytest.mark.parametrize("predicted", [np.zeros((1, 4), np.uint8), np.zeros((1, 5), bool)])
def test_dice_of_what_is_no_pair_of_masks_is_refused(predicted: np.ndarray) -> None:
    with pytest.raises(DataError, match=r"expected bool of shape \(1, 4\)"):
        dice_scores(predicted, np.zeros((1, 4), bool))


def test_the_loss_has_its_closed_form(rng: np.random.Generator) -> None:
    logits = rng.standard_normal((3, 4, 5))
    masks = rng.random((3, 4, 5)) < 0.4
    p = 1 / (1 + np.exp(-logits))
    entropy = -np.where(masks, np.log(p), np.log(1 - p)).mean((1, 2))
    dice = (2 * (p * masks).sum((1, 2)) + 1e-5) / (p.sum((1, 2)) + masks.sum((1, 2)) + 1e-5)
    got = dice_and_cross_entropy(jnp.asarray(logits[..., None], jnp.float32), jnp.asarray(masks))
    np.testing.assert_allclose(got, 1 - dice + entropy, rtol=1e-5)


def test_the_loss_of_a_certain_and_right_network_is_zero() -> None:
    masks = np.zeros((2, 3, 3), bool)
    masks[0, 1] = True
    sure = jnp.where(masks, 60.0, -60.0)[..., None]
    np.testing.assert_allclose(dice_and_cross_entropy(sure, jnp.asarray(masks)), 0, atol=1e-5)


@given(arrays(np.float32, (2, 3, 4), elements=st.sampled_from([-900, -800, -1, 0, 1, 2])))
def test_no_predicted_mask_is_empty_and_those_that_were_are_told(logits: np.ndarray) -> None:
    found = PredictedMasks.of(logits)
    for mask, empty, image in zip(found.masks, found.empty, logits, strict=True):
        assert mask.any()
        assert empty == (image.max() <= 0)
        expected = image == image.max() if empty else image > 0
        np.testing.assert_array_equal(mask, expected)


def test_masks_are_taken_as_bool_or_as_zeros_and_ones() -> None:
    truth = np.array([[[True, False]]])
    for masks in (truth, truth.astype(np.uint8), truth.astype(float), truth[..., None]):
        found = validate_masks(masks, (1, 1, 2), name="masks")
        assert found.dtype == np.bool_
        np.testing.assert_array_equal(found, truth)


@pytest.mark.parametrize(
    ("masks", "message"),
    [
        (np.zeros((1, 2, 1)), r"m has shape \(1, 2, 1\); expected \(1, 1, 2\)"),
        (np.array([[[0, 2]]]), r"m holds 2 \(sample 0\).*m == 1"),
        (np.array([[[0, np.nan]]]), "m holds nan"),
        (np.array([[["a", "b"]]]), "m has dtype"),
        (np.ma.array([[[0, 1]]], mask=[[[0, 1]]]), "m has 1 masked values"),
    ],
)
def test_what_is_no_mask_is_refused(masks: np.ndarray, message: str) -> None:
    with pytest.raises(DataError, match=message):
        validate_masks(masks, (1, 1, 2), name="m")
