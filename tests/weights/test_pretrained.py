"""What `backbone.weights` may say: a data set's name, a file, or none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from topojax.config import BackboneConfig, make_config
from topojax.errors import WeightsError
from topojax.training import initial_backbone
from topojax.weights import cached_file, pretrained_weights, published_for, write_state_dict


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOPOJAX_CACHE", str(tmp_path / "cache"))


def _store(network: str, weights: dict[str, np.ndarray]) -> None:
    path = cached_file(published_for(network))
    path.parent.mkdir(parents=True, exist_ok=True)
    write_state_dict(path, weights)


def test_the_networks_own_weights_come_from_the_cache(rule_made_weights):
    weights = rule_made_weights("resnet18", 1000)
    _store("resnet18", weights)
    found = pretrained_weights("imagenet", "resnet18")
    assert found.keys() == weights.keys()
    model = initial_backbone(BackboneConfig(weights="imagenet"), "resnet18", 2, 1, 0)
    kernel = weights["conv1.weight"].sum(1)
    np.testing.assert_allclose(model.conv1.kernel[:, :, 0], kernel.transpose(1, 2, 0), atol=1e-6)


def test_r3d_18_from_imagenet_is_resnet18_inflated(rule_made_weights):
    weights = rule_made_weights("resnet18", 1000)
    _store("resnet18", weights)
    model = initial_backbone(BackboneConfig(weights="imagenet"), "r3d_18", 3, 3, 0)
    kernel = np.asarray(getattr(model.stem, "0").kernel[...])
    np.testing.assert_allclose(
        kernel.sum(0), weights["conv1.weight"].transpose(2, 3, 1, 0), atol=1e-6
    )


@pytest.mark.parametrize(
    ("weights", "network", "message"),
    [
        ("imagenet", "resnet18", "topojax weights fetch resnet18"),
        ("imagenet", "r3d_18", "topojax weights fetch resnet18"),
        ("kinetics400", "r3d_18", "topojax weights fetch r3d_18"),
        ("kinetics400", "resnet18", "r3d_18, mc3_18, r2plus1d_18"),
        ("imagenet", "mc3_18", "kinetics400"),
        ("kinetics400", "m3t", "no weights are published for 'm3t'"),
        ("absent.npz", "resnet18", "absent.npz does not exist"),
    ],
)
def test_what_is_not_there_is_named_in_one_line(weights, network, message):
    with pytest.raises(WeightsError, match=message) as caught:
        pretrained_weights(weights, network)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("weights", ["none", None])
def test_none_is_from_scratch(weights):
    assert make_config(overrides={"backbone.weights": weights}).backbone.weights is None


def test_what_of_a_file_is_not_used_is_said_once(rule_made_weights, tmp_path, caplog):
    weights = {f"net.{name}": array for name, array in rule_made_weights("resnet18", 3).items()}
    path = tmp_path / "both.npz"
    write_state_dict(path, weights | {f"projector.{i}": np.ones(4, np.float32) for i in range(7)})
    config = BackboneConfig(weights=str(path))
    with caplog.at_level("INFO", "topojax"):
        initial_backbone(config, "resnet18", 3, 3, 0)
        assert caplog.messages == [
            f"backbone: of {path}, its names begin with net.",
            f"backbone: of {path}, 7 entries are left out: projector.0, projector.1, projector.2, "
            "projector.3, projector.4, …",
        ]
        caplog.clear()
        initial_backbone(config, "resnet18", 2, 3, 0)
        assert caplog.messages[2:] == [
            f"backbone: {path} has no head for these classes; it is trained anew"
        ]
