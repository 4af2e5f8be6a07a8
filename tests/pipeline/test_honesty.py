"""Maps are of the predicted class; what is of the true class is named as what it is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from topojax import TopoCAM, cam
from topojax.config import CamConfig
from topojax.data import Dataset
from topojax.defects import DefectiveTopoCAM
from topojax.errors import ConfigError


def test_maps_are_of_the_predicted_class(fitted: TopoCAM, test_images: np.ndarray) -> None:
    model = fitted.fitted_.networks[0].backbone.model()
    inputs = fitted.fitted_.networks[0].inputs(test_images)
    stack = cam.compute_cams(model, inputs, CamConfig(layers=("layer2",), batch_size=8))
    predicted = stack.logits.argmax(1)
    _, of_predicted = cam.activation_maps(model, inputs, layers=("layer2",), target=predicted)
    _, of_other = cam.activation_maps(model, inputs, layers=("layer2",), target=1 - predicted)
    expected = cam.scale_maps(cam.upsample_maps(of_predicted["layer2"], (28, 28)))
    other = cam.scale_maps(cam.upsample_maps(of_other["layer2"], (28, 28)))
    maps = stack.maps[:, 0] / 255
    np.testing.assert_allclose(maps, expected, atol=0.5 / 255 + 1e-4)
    assert not np.allclose(maps, other, atol=1e-2)


@pytest.fixture
def leaking(fitted: TopoCAM) -> DefectiveTopoCAM:
    """Return the fitted method as if its maps were of the true class."""
    method = fitted.fitted_
    of_labels = method.config.cam.model_copy(update={"target": "label"})
    config = method.config.model_copy(update={"cam": of_labels})
    return DefectiveTopoCAM(**vars(replace(method, config=config)), rules=(method.rule,))


def test_maps_of_the_true_class_predict_nothing(
    leaking: DefectiveTopoCAM, discs: Dataset, tiny: dict[str, Any]
) -> None:
    with pytest.raises(ConfigError, match="read without its label"):
        TopoCAM(overrides=tiny | {"cam.target": "label"}).fit(
            discs.train.images, discs.train.labels
        )
    with pytest.raises(ConfigError, match="exists to show the leak"):
        leaking.read(discs.test.images)


def test_labels_change_the_maps_of_the_true_class_alone(
    fitted: TopoCAM, leaking: DefectiveTopoCAM, discs: Dataset
) -> None:
    flipped = replace(discs.test, labels=1 - discs.test.labels)
    with_labels = [leaking.read_labelled(split) for split in (discs.test, flipped)]
    assert not np.array_equal(with_labels[0].voxels(), with_labels[1].voxels())
    # The honest reading is one of the two for every image: the predicted class is one of them.
    honest = fitted.fitted_.read(discs.test.images)
    either = [reading.voxels() == honest.voxels() for reading in with_labels]
    assert np.logical_or(*either).all()
