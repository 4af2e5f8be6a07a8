"""No label reaches a map, a mask, a descriptor or a probability."""

from __future__ import annotations

import inspect
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from topojax import TopoCAM, cam, kernels, pipeline, topology
from topojax.data import Dataset
from topojax.errors import ConfigError


@pytest.mark.parametrize(
    "function",
    [
        pipeline.read_images,
        pipeline.explain_images,
        pipeline.fitted.class_activation_maps,
        pipeline.observe_maps,
        pipeline.observation.observe,
        pipeline.read_observation,
        pipeline.features.probabilities_by_method,
        cam.compute_cams,
        cam.regions_of_interest,
        topology.describe,
        topology.describe_candidates,
        topology.masked_betti_curves,
        topology.filtration_image,
        kernels.regions_of_interest,
        kernels.region_sizes,
        kernels.roi_betti_curves,
    ],
)
def test_what_reads_images_takes_no_labels(function: object) -> None:
    parameters = inspect.signature(function).parameters.values()
    names = {parameter.name for parameter in parameters}
    assert not names & {"y", "label", "labels", "target", "targets", "true", "truth"}
    # Nothing may be smuggled in either.
    variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    assert not [parameter for parameter in parameters if parameter.kind in variadic]


def test_maps_are_of_the_predicted_class(fitted: TopoCAM, test_images: np.ndarray) -> None:
    method = fitted.fitted_
    inputs = method.normalisation(test_images, 2)
    stack = cam.compute_cams(
        method.backbone.model(),
        inputs,
        layers=("layer2",),
        method="gradcam",
        batch_size=8,
        progress=False,
    )
    predicted = stack.logits.argmax(1)
    _, of_predicted = cam.activation_maps(
        method.backbone.model(), inputs, layers=("layer2",), target=predicted
    )
    _, of_other = cam.activation_maps(
        method.backbone.model(), inputs, layers=("layer2",), target=1 - predicted
    )
    expected = cam.scale_maps(cam.upsample_maps(of_predicted["layer2"], (28, 28)))
    other = cam.scale_maps(cam.upsample_maps(of_other["layer2"], (28, 28)))
    maps = stack.maps[:, 0] / 255
    np.testing.assert_allclose(maps, expected, atol=0.5 / 255 + 1e-4)
    assert not np.allclose(maps, other, atol=1e-2)


def test_maps_of_the_true_class_are_named_as_what_they_are(
    fitted: TopoCAM, discs: Dataset, tiny: dict[str, Any]
) -> None:
    """What lets labels in is one module, which nothing that predicts can reach."""
    with pytest.raises(ConfigError, match="without its label"):
        TopoCAM(overrides=tiny | {"cam.target": "label"}).fit(
            discs.train.images, discs.train.labels
        )
    method = fitted.fitted_
    leaking = replace(
        method,
        config=method.config.model_copy(
            update={"cam": method.config.cam.model_copy(update={"target": "label"})}
        ),
    )
    with pytest.raises(ConfigError, match="exists to show the leak"):
        pipeline.read_images(leaking, discs.test.images)


def test_labels_change_the_maps_of_the_true_class_alone(fitted: TopoCAM, discs: Dataset) -> None:
    method = fitted.fitted_
    flipped = replace(discs.test, labels=1 - discs.test.labels)
    with_labels = [pipeline.read_labelled(method, split) for split in (discs.test, flipped)]
    assert not np.array_equal(with_labels[0].descriptors.voxels, with_labels[1].descriptors.voxels)
    # The honest reading is one of the two for every image: the predicted class is one of them.
    honest = pipeline.read_images(method, discs.test.images)
    either = [reading.descriptors.voxels == honest.descriptors.voxels for reading in with_labels]
    assert np.logical_or(*either).all()
