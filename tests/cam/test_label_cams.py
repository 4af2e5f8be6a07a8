"""Maps of the true class: those of `activation_maps` for that target, and nothing but that."""

from __future__ import annotations

import numpy as np
import pytest

from topojax import cam
from topojax.cam import activation_maps, compute_cams, scale_maps, upsample_maps
from topojax.cam.batches import cams_of_classes
from topojax.config import CamConfig
from topojax.defects import compute_label_cams
from topojax.errors import DataError

TWO_AT_A_TIME = CamConfig(batch_size=2)


@pytest.fixture(scope="module")
def x() -> np.ndarray:
    return np.random.default_rng(5).standard_normal((5, 6, 7, 1)).astype(np.float32)


def test_maps_are_of_the_labels(tiny_network, x):
    model = tiny_network(2)
    labels = np.array([2, 0, 1, 1, 0])
    stack = compute_label_cams(model, x, labels, TWO_AT_A_TIME)
    logits, raw = activation_maps(model, x, target=labels)
    np.testing.assert_allclose(stack.logits, logits, atol=1e-5)
    for index, layer in enumerate(stack.layers):
        expected = scale_maps(upsample_maps(raw[layer], (6, 7)))
        np.testing.assert_allclose(stack.maps[:, index] / 255, expected, atol=0.503 / 255)


def test_labels_that_are_the_predictions_give_the_same_stack(tiny_network, x):
    model = tiny_network(2)
    predicted = compute_cams(model, x, TWO_AT_A_TIME)
    labelled = compute_label_cams(model, x, predicted.logits.argmax(1), TWO_AT_A_TIME)
    other = compute_label_cams(model, x, (predicted.logits.argmax(1) + 1) % 3, TWO_AT_A_TIME)
    np.testing.assert_array_equal(labelled.maps, predicted.maps)
    np.testing.assert_array_equal(labelled.embeddings, predicted.embeddings)
    assert np.any(other.maps != predicted.maps)
    np.testing.assert_array_equal(other.logits, predicted.logits)


def test_other_labels_are_another_stack_on_disk(tiny_network, x, tmp_path):
    model = tiny_network(2)
    config = CamConfig(batch_size=2, memory_mb=0)
    first, second = (
        cams_of_classes(model, x, classes, config, folder=tmp_path, progress=False)
        for classes in np.array([[0, 0, 0, 0, 0], [0, 0, 0, 0, 1]], np.int32)
    )
    np.testing.assert_array_equal(first.maps[:4], second.maps[:4])
    assert np.any(first.maps[4] != second.maps[4])


@pytest.mark.parametrize("labels", [[0, 1, 3, 0, 0], [0, 1], 1, [0.0] * 5, [-1, 0, 0, 0, 0]])
def test_labels_that_are_no_classes_are_refused(tiny_network, x, labels):
    with pytest.raises(DataError, match="labels"):
        compute_label_cams(tiny_network(2), x, np.array(labels), TWO_AT_A_TIME)


def test_it_is_no_part_of_the_public_face():
    assert "compute_label_cams" not in cam.__all__
    assert not hasattr(cam, "compute_label_cams")
