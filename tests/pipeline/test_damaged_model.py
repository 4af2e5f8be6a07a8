"""A saved model whose values are damaged is refused in one line that names it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import orbax.checkpoint as ocp
import pytest

from topojax.checkpoint import load_meta
from topojax.checksums import json_checksum
from topojax.errors import TopojaxError
from topojax.pipeline import load_fitted

_DAMAGES: dict[str, Any] = {
    "absent config": ("config", None),
    "absent temperature": ("temperature", None),
    "no rules": ("roi_rules", []),
    "rules of another kind": ("roi_rules", 3),
    "a rule without weights": ("roi_rules", [{"tau": 0.5}]),
    "normalisation of another kind": ("normalisation", [1]),
    "history of another kind": ("backbone", {"name": "resnet18", "best_epoch": 0, "history": [7]}),
    "no network": ("backbone", {"name": ["resnet18"]}),
    "shape of another kind": ("spatial_shape", 28),
    "more features than memory holds": ("n_features", {"topology": 10**13}),
    "features of another kind": ("n_features", {"topology": "many"}),
    "no such classifier": ("classifiers", {"topology": {"model": "forest"}}),
    "classifiers of another kind": ("classifiers", 3),
    "bytes that are not there": ("classifiers", {"topology": {"model": "logistic"}}),
    "more bytes than memory holds": (
        "classifiers",
        {"topology": {"model": "logistic", "n_bytes": 10**13}},
    ),
}


@pytest.fixture
def model(discs_run: Path, tmp_path: Path) -> Path:
    return shutil.copytree(discs_run / "checkpoint" / "model", tmp_path / "model")


def _replace_meta(model: Path, meta: dict[str, Any]) -> None:
    """Store other values under checksums that fit."""
    stored = ocp.v1.load_checkpointables(model, {"meta": None})["meta"] | {"content": meta}
    del stored["meta_sha256"]
    other = model.with_name("other")
    signed = stored | {"meta_sha256": json_checksum(stored)}
    ocp.v1.save_checkpointables(other, {"meta": signed})
    shutil.rmtree(model / "meta")
    (other / "meta").rename(model / "meta")


def test_values_that_are_whole_are_read(model: Path) -> None:
    _replace_meta(model, load_meta(model))
    assert load_fitted(model).spatial_shape == (28, 28)


def test_classifiers_of_older_versions_are_mlps(model: Path, test_images: np.ndarray) -> None:
    meta = load_meta(model)
    now = load_fitted(model).read(test_images)
    del meta["classifiers"]
    _replace_meta(model, meta)
    older = load_fitted(model)
    assert {one.choice.model for one in older.classifiers.values()} == {"mlp"}
    np.testing.assert_array_equal(older.read(test_images).probabilities, now.probabilities)


@pytest.mark.parametrize("damage", _DAMAGES)
def test_damaged_values_are_one_line(model: Path, damage: str) -> None:
    key, value = _DAMAGES[damage]
    meta = load_meta(model) | {key: value}
    if value is None:
        del meta[key]
    _replace_meta(model, meta)
    with pytest.raises(TopojaxError) as refused:
        load_fitted(model)
    assert "\n" not in str(refused.value)
    assert str(model) in str(refused.value)
    assert refused.value.__cause__ is None
