"""The benchmark of the backbones: both sides agree, and one tiny run."""

from __future__ import annotations

import importlib
import json
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def backbones(monkeypatch) -> ModuleType:
    """Return the module; `benchmarks/` is no package."""
    pytest.importorskip("torch", reason="torch, the other side of the benchmark, is not installed")
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module("backbones")


@pytest.fixture
def tiny(backbones):
    cases = (backbones.Case("resnet18", 28, 4),)
    return replace(backbones.QUICK, cases=cases, repeats=1)


def test_run_writes_record_and_table(backbones, tiny, monkeypatch, tmp_path):
    monkeypatch.setattr(backbones, "SHORTEST_ROUND", 0.0)
    monkeypatch.setattr(backbones, "QUICK", tiny)
    backbones.main(["--quick", "--output", str(tmp_path)])
    record = json.loads((tmp_path / "backbones_quick.json").read_text(encoding="utf-8"))
    assert [row["task"] for row in record["rows"]] == ["forward", "cam", "training"]
    for row in record["rows"]:
        assert row["difference"] < 1e-3
        assert all(ms > 0 for ms in row["median"].values())
        assert row["megabytes"]["topojax"] > 0
    assert set(record["rows"][1]["ratio"]) == {"torch", "torch by layer"}
    assert {"python", "jax", "torch"} <= set(record["versions"])
    table = (tmp_path / "backbones_quick.md").read_text(encoding="utf-8")
    assert "| resnet18 | 28² | 4 | forward |" in table
    assert record["device"] in table


def test_the_volumetric_network_is_ours(backbones):
    ours, theirs = backbones.make_tasks(backbones.Case("r3d_18", 12, 2), "float32")
    apart = backbones.difference("forward", ours.forward().step(), theirs.forward()())
    assert apart < 1e-3


def test_maps_by_layer_are_those_of_one_pass(backbones):
    if importlib.import_module("networks.torch_tasks").GradCAM is not None:
        pytest.skip("grad-cam enlarges maps in its own way")
    _, theirs = backbones.make_tasks(backbones.Case("resnet18", 40, 2), "float32")
    np.testing.assert_allclose(theirs.cam_by_layer()(), theirs.cam_in_one_pass()(), atol=1e-5)


def test_results_that_differ_are_not_timed(backbones, tiny):
    compiled = importlib.import_module("networks.jax_tasks").Compiled
    calls = []

    def wrong():
        calls.append(1)
        return np.array([0.0, 2.0])

    with pytest.raises(SystemExit, match=r"resnet18 28², forward: results differ by .*not timed"):
        backbones.measure_task(
            tiny.cases[0],
            tiny,
            "forward",
            compiled(lambda: np.array([0.0, 1.0]), 0),
            {backbones.TORCH: wrong},
        )
    assert len(calls) == 1


def test_rounds_of_each_in_turn_after_a_call_that_does_not_count(backbones, monkeypatch):
    monkeypatch.setattr(backbones, "_round", lambda step: step())
    order = []
    steps = {name: lambda name=name: order.append(name) or 1.0 for name in "ab"}
    assert backbones.timed_in_turn(steps, 2) == {"a": [1.0, 1.0], "b": [1.0, 1.0]}
    assert "".join(order) == "aabbaabb"


def test_a_gpu_that_is_not_there_is_named(backbones, monkeypatch):
    monkeypatch.setattr(backbones.jax, "default_backend", lambda: "cpu")
    with pytest.raises(SystemExit, match="--gpu: jax sees cpu"):
        backbones.main(["--gpu"])
    with pytest.raises(SystemExit, match="r3d_18-28, resnet18-28"):
        backbones.main(["--quick", "--only", "vgg"])
