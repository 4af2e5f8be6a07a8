"""No label reaches a map, a mask, a descriptor or a probability."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

from topojax import TopoCAM, cam, pipeline, topology


@pytest.mark.parametrize(
    "function",
    [
        pipeline.read_images,
        pipeline.explain_images,
        pipeline.fitted.class_activation_maps,
        pipeline.fitted.read_maps,
        cam.compute_cams,
        cam.regions_of_interest,
        topology.describe,
        topology.roi_betti_curves,
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
    np.testing.assert_allclose(stack.maps[:, 0], expected, atol=1e-4)
    assert not np.allclose(stack.maps[:, 0], other, atol=1e-2)
