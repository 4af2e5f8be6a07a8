"""torchvision's networks: its numbers come out of its weights, and misfits are named."""

from __future__ import annotations

import re

import jax
import numpy as np
import pytest
from flax import nnx

from topojax.errors import WeightsError
from topojax.models import abstract_model, create_model
from topojax.weights import load_torchvision, torchvision_report


def _names_and_shapes(name: str, n_classes: int, in_channels: int = 3) -> dict[str, tuple]:
    """torchvision's state dict, written out independently of our mapping."""
    video = name == "r3d_18"
    k3, k1 = ((3, 3, 3), (1, 1, 1)) if video else ((3, 3), (1, 1))
    shapes: dict[str, tuple] = {}

    def unit(conv: str, norm: str, shape: tuple) -> None:
        shapes[f"{conv}.weight"] = shape
        for leaf in ("weight", "bias", "running_mean", "running_var"):
            shapes[f"{norm}.{leaf}"] = shape[:1]
        shapes[f"{norm}.num_batches_tracked"] = ()

    if video:
        unit("stem.0", "stem.1", (64, in_channels, 3, 7, 7))
    else:
        unit("conv1", "bn1", (64, in_channels, 7, 7))
    c_in = 64
    for layer, c_out in enumerate((64, 128, 256, 512), 1):
        for block in (0, 1):
            base = f"layer{layer}.{block}"
            for index in (1, 2):
                conv = f"{base}.conv{index}.0" if video else f"{base}.conv{index}"
                norm = f"{base}.conv{index}.1" if video else f"{base}.bn{index}"
                unit(conv, norm, (c_out, c_in, *k3))
                c_in = c_out if index == 1 else c_in
            if block == 0 and layer > 1:
                unit(f"{base}.downsample.0", f"{base}.downsample.1", (c_out, c_out // 2, *k1))
    shapes["fc.weight"], shapes["fc.bias"] = (n_classes, 512), (n_classes,)
    return shapes


@pytest.mark.parametrize("name", ["resnet18", "r3d_18"])
def test_names_and_shapes_are_torchvisions(rule_made_weights, name):
    made = {key: array.shape for key, array in rule_made_weights(name, 5).items()}
    expected = _names_and_shapes(name, 5)
    assert made == {k: v for k, v in expected.items() if not k.endswith("num_batches_tracked")}


@pytest.fixture(scope="module")
def small_weights(rule_made_weights) -> dict[str, np.ndarray]:
    # What torch counts beside the weights is of no use to anyone.
    return rule_made_weights("resnet18", 5) | {"bn1.num_batches_tracked": np.zeros((), np.int64)}


def test_everything_fits_without_adaptation(small_weights):
    model = create_model("resnet18", 5, 3, rngs=nnx.Rngs(0))
    report = torchvision_report(model, small_weights)
    assert not report.summed_channels
    assert not report.head_kept


def test_grey_models_see_what_a_repeated_grey_image_sees(small_weights, rng):
    grey_model = load_torchvision(create_model("resnet18", 5, 1, rngs=nnx.Rngs(0)), small_weights)
    rgb_model = load_torchvision(create_model("resnet18", 5, 3, rngs=nnx.Rngs(0)), small_weights)
    grey = rng.standard_normal((1, 10, 11, 1)).astype(np.float32)
    np.testing.assert_allclose(
        grey_model.conv1(grey),
        rgb_model.conv1(np.repeat(grey, 3, -1)),
        atol=1e-4,
    )
    model = create_model("resnet18", 5, 1, rngs=nnx.Rngs(0))
    assert torchvision_report(model, small_weights).summed_channels


def test_another_number_of_classes_keeps_the_models_head(small_weights):
    model = create_model("resnet18", 2, 3, rngs=nnx.Rngs(0))
    loaded = load_torchvision(model, small_weights)
    np.testing.assert_array_equal(loaded.fc.kernel[...], model.fc.kernel[...])
    np.testing.assert_array_equal(loaded.fc.bias[...], model.fc.bias[...])
    assert torchvision_report(model, small_weights).head_kept


def _without(weights: dict, *names: str) -> dict:
    return {key: value for key, value in weights.items() if key not in names}


@pytest.mark.parametrize(
    "name", ["resnet18", pytest.param("vgg16", marks=pytest.mark.slow), "mobilevit_s"]
)
def test_weights_without_a_head_keep_the_models_head(rule_made_weights, name):
    model = abstract_model(name, 5)
    head = (f"{model.head_name}.weight", f"{model.head_name}.bias")
    weights = rule_made_weights(name, 5)
    report = torchvision_report(model, _without(weights, *head))
    assert report.fits
    assert report.head_kept
    for other in (head[1], f"{model.first_conv}.weight"):
        report = torchvision_report(model, _without(weights, other))
        assert not report.fits
        assert report.missing == (other,)


def test_a_head_that_is_no_linear_map_is_left_out(small_weights):
    model = create_model("resnet18", 2, 3, rngs=nnx.Rngs(0))
    body = _without(small_weights, "fc.weight", "fc.bias")
    projected = body | {"fc.0.weight": np.ones((4, 512)), "fc.2.weight": np.ones((2, 4))}
    loaded = load_torchvision(model, projected)
    np.testing.assert_array_equal(loaded.fc.kernel[...], model.fc.kernel[...])
    assert torchvision_report(model, projected).left_out == ("fc.0.weight", "fc.2.weight")
    both = projected | {"fc.weight": small_weights["fc.weight"]}
    assert torchvision_report(model, both).missing == ("fc.bias",)
    assert torchvision_report(model, both).unexpected == ("fc.0.weight", "fc.2.weight")


def test_the_given_model_is_left_as_it_was(small_weights):
    model = create_model("resnet18", 5, 3, rngs=nnx.Rngs(0))
    before = [np.array(leaf) for leaf in jax.tree.leaves(nnx.state(model))]
    loaded = load_torchvision(model, small_weights)
    after = jax.tree.leaves(nnx.state(model))
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))
    assert nnx.split(loaded)[0] == nnx.split(model)[0]


def test_half_precision_weights_become_float32(small_weights):
    halves = {name: array.astype(np.float16) for name, array in small_weights.items()}
    loaded = load_torchvision(create_model("resnet18", 5, 3, rngs=nnx.Rngs(0)), halves)
    assert {leaf.dtype.name for leaf in jax.tree.leaves(nnx.state(loaded))} == {"float32"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda w: _without(w, "layer3.0.bn1.bias"), r"misses layer3\.0\.bn1\.bias"),
        (lambda w: w | {"layer1.2.conv1.weight": np.zeros(1)}, r"unexpected layer1\.2\.conv1"),
        (lambda w: w | {"bn1.weight": np.ones(65)}, r"bn1\.weight has shape \(65,\)"),
        (lambda w: w | {"conv1.weight": np.ones((64, 4, 7, 7))}, r"conv1\.weight has shape"),
        (lambda w: w | {"bn1.bias": np.full(64, np.nan)}, r"bn1\.bias holds NaN"),
        (lambda w: w | {"bn1.bias": np.full(64, 1e300)}, r"bn1\.bias holds .* than float32"),
        (lambda w: w | {"bn1.bias": np.full(64, 1j)}, r"bn1\.bias holds .* complex"),
        (lambda w: {}, r"misses .* more"),
    ],
)
def test_misfits_are_named_in_one_line(small_weights, change, message):
    model = create_model("resnet18", 5, 3, rngs=nnx.Rngs(0))
    with pytest.raises(WeightsError, match=message) as caught:
        load_torchvision(model, change(small_weights))
    assert "\n" not in str(caught.value)


def test_the_report_lists_every_misfit(small_weights):
    model = create_model("resnet18", 5, 3, rngs=nnx.Rngs(0))
    assert torchvision_report(model, small_weights).fits
    lacking = [f"layer{n}.0.bn1.bias" for n in range(1, 5)] + ["bn1.weight", "bn1.bias"]
    changed = {key: value for key, value in small_weights.items() if key not in lacking}
    changed |= {"extra": np.zeros(1), "other.weight": np.zeros(1), "bn1.running_var": np.ones(3)}
    changed |= {"bn1.running_mean": np.full(64, np.inf)}
    report = torchvision_report(model, changed)
    assert not report.fits
    assert report.missing == tuple(sorted(lacking))
    assert report.unexpected == ("extra", "other.weight")
    assert report.reshaped == (("bn1.running_var", (3,), (64,)),)
    assert report.not_finite == ("bn1.running_mean",)


def test_weights_of_the_other_network_are_refused(small_weights):
    model = create_model("r3d_18", 5, 3, rngs=nnx.Rngs(0))
    with pytest.raises(WeightsError, match=r"misses"):
        load_torchvision(model, small_weights)


def test_real_imagenet_weights_fit(shared):
    arrays = dict(np.load(shared / "data" / "weights" / "resnet18_imagenet_quantised.npz"))
    model = create_model("resnet18", 1000, 3, rngs=nnx.Rngs(0))
    assert not torchvision_report(model, arrays).head_kept


def test_the_names_of_densenets_published_file_are_understood(rule_made_weights):
    weights = rule_made_weights("densenet121", 5)
    old = {re.sub(r"(denselayer\d+\.(?:norm|conv))", r"\1.", key): a for key, a in weights.items()}
    assert "features.denseblock1.denselayer1.norm.1.weight" in old
    model = abstract_model("densenet121", 5, 3)
    assert torchvision_report(model, old) == torchvision_report(model, weights)
    assert torchvision_report(model, old).fits
