"""A network is found in a state dict whatever stands before its names, in every format alike."""

from __future__ import annotations

import numpy as np
import pytest

from topojax.errors import WeightsError
from topojax.models import abstract_model
from topojax.weights import (
    entries_under,
    inflate_resnet18,
    load_torchvision,
    read_state_dict,
    torchvision_report,
    write_state_dict,
)
from topojax.weights.names import Place, network_place, without_wrappers


@pytest.fixture(scope="module")
def weights(rule_made_weights) -> dict[str, np.ndarray]:
    return rule_made_weights("resnet18", 5)


@pytest.fixture(scope="module")
def write(write_torch_file):
    def write(path, arrays):
        if path.suffix == ".pth":
            write_torch_file(path, arrays)
        else:
            write_state_dict(path, arrays)

    return write


def _prefixed(prefix: str, entries: dict) -> dict:
    return {f"{prefix}{name}": entry for name, entry in entries.items()}


@pytest.mark.parametrize("suffix", ["pth", "npz", "safetensors"])
@pytest.mark.parametrize(
    "prefix", ["module.", "_orig_mod.", "_orig_mod.module.", "module._orig_mod.", "module.module."]
)
def test_wrappers_are_taken_off_in_every_format(tmp_path, write, suffix, prefix):
    arrays = {"conv.weight": np.ones((2, 3), np.float32), "fc.bias": np.zeros(2, np.float32)}
    path = tmp_path / f"a.{suffix}"
    write(path, _prefixed(prefix, arrays))
    assert read_state_dict(path).keys() == arrays.keys()


def test_what_not_every_name_has_is_no_wrapper():
    for names in (["module.a.w", "a.w"], ["module", "module.a"], ["modules.a", "modules.b"], []):
        assert list(without_wrappers(dict.fromkeys(names))) == names
    assert list(without_wrappers({"module.": 1})) == ["module."]
    assert list(without_wrappers({"module.module.a": 1, "module.b": 1})) == ["module.a", "b"]


@pytest.mark.parametrize("suffix", ["pth", "npz", "safetensors"])
@pytest.mark.parametrize("prefix", ["backbone.", "model.encoder._orig_mod.", "state_dict."])
def test_a_network_that_is_a_part_is_found_in_every_format(
    tmp_path, weights, write, suffix, prefix
):
    path = tmp_path / f"a.{suffix}"
    write(path, _prefixed(prefix, weights) | {"projector.0.weight": np.ones((4, 512), np.float32)})
    found = read_state_dict(path)
    model = abstract_model("resnet18", 5)
    report = torchvision_report(model, found)
    assert report.fits
    assert report.prefix == prefix
    assert report.left_out == ("projector.0.weight",)
    loaded = load_torchvision(model, found)
    np.testing.assert_array_equal(loaded.fc.bias[...], weights["fc.bias"])
    inflated = inflate_resnet18(found)
    assert inflated.keys() == inflate_resnet18(weights).keys()


def test_the_part_that_has_the_networks_shapes_is_meant(weights, rule_made_weights):
    teacher = rule_made_weights("resnet50", 5)
    both = _prefixed("teacher.", teacher) | _prefixed("student.", weights)
    assert torchvision_report(abstract_model("resnet18", 5), both).prefix == "student."
    assert torchvision_report(abstract_model("resnet50", 5), both).prefix == "teacher."


def test_two_parts_that_fit_alike_are_refused_by_name(weights):
    both = _prefixed("encoder_q.", weights) | _prefixed("encoder_k.", weights)
    model = abstract_model("resnet18", 5)
    report = torchvision_report(model, both)
    assert not report.fits
    assert (report.prefix, report.rivals) == ("encoder_k.", ("encoder_q.",))
    for refuse in (lambda: load_torchvision(model, both), lambda: inflate_resnet18(both)):
        with pytest.raises(WeightsError, match=r"encoder_k\. and encoder_q\. alike.*--under"):
            refuse()
    assert load_torchvision(model, entries_under("encoder_q", both))


@pytest.mark.parametrize("name", ["state_dict.", "model."])
def test_a_moving_average_beside_the_weights_is_left_out(weights, name):
    both = _prefixed("ema.", weights) | _prefixed(name, weights)
    report = torchvision_report(abstract_model("resnet18", 5), both)
    assert report.fits
    assert report.prefix == name
    assert len(report.left_out) == len(weights)


def test_a_prefix_needs_half_of_the_network():
    expected = {f"layer{i}.weight": (2,) for i in range(4)}
    one = {"a.layer0.weight": (2,)}
    assert network_place(expected, one) == Place("")
    assert network_place(expected, one | {"a.layer1.weight": (3,)}) == Place("a.")
    assert network_place(expected, expected | _prefixed("a.", expected)) == Place("")


def test_entries_under_nothing_are_refused():
    assert entries_under("a.", {"a.b": 1, "ab": 2}) == {"b": 1}
    with pytest.raises(WeightsError, match=r"no entry is under b\.; .*a\.b"):
        entries_under("b", {"a.b": 1})


def test_a_million_parts_cost_no_more_than_their_length(weights):
    long = "module." * 10**6 + "a." * 10**6 + "fc.bias"
    assert not torchvision_report(abstract_model("resnet18", 5), {long: np.zeros(5)}).fits
    assert len(next(iter(without_wrappers({long: 1})))) == 2 * 10**6 + 7
