"""The benchmark of the backbones: both sides agree, and one tiny run."""

from __future__ import annotations

import importlib
import json
from dataclasses import replace
from types import ModuleType

import numpy as np
import pytest

from topojax.cli import main
from topojax.errors import BenchError, ConfigError
from topojax.experiments.bench.backbones import plans


@pytest.fixture
def measuring() -> ModuleType:
    """Return the module, which imports torch."""
    pytest.importorskip("torch", reason="torch, the other side of the benchmark, is not installed")
    return importlib.import_module("topojax.experiments.bench.backbones.measuring")


@pytest.fixture
def tiny() -> plans.Plan:
    return replace(plans.QUICK, cases=(plans.Case("resnet18", 28, 4),), repeats=1)


def test_run_writes_record_and_table(measuring, tiny, monkeypatch, tmp_path):
    monkeypatch.setattr(measuring, "SHORTEST_ROUND", 0.0)
    monkeypatch.setattr(plans, "QUICK", tiny)
    main(["bench", "backbones", "--quick", "--output", str(tmp_path)])
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


def test_the_volumetric_network_is_ours(measuring):
    ours, theirs = measuring.make_tasks(plans.Case("r3d_18", 12, 2), "float32")
    apart = measuring.difference("forward", ours.forward().step(), theirs.forward()())
    assert apart < 1e-3


def test_maps_by_layer_are_those_of_one_pass(measuring):
    if importlib.import_module(f"{measuring.__package__}.torch_tasks").GradCAM is not None:
        pytest.skip("grad-cam enlarges maps in its own way")
    _, theirs = measuring.make_tasks(plans.Case("resnet18", 40, 2), "float32")
    np.testing.assert_allclose(theirs.cam_by_layer()(), theirs.cam_in_one_pass()(), atol=1e-5)


def test_results_that_differ_are_not_timed(measuring, tiny):
    compiled = importlib.import_module(f"{measuring.__package__}.jax_tasks").Compiled
    calls = []

    def wrong():
        calls.append(1)
        return np.array([0.0, 2.0])

    with pytest.raises(BenchError, match=r"resnet18 28², forward: results differ by .*not timed"):
        measuring.measure_task(
            tiny.cases[0],
            tiny,
            "forward",
            compiled(lambda: np.array([0.0, 1.0]), 0),
            {plans.TORCH: wrong},
        )
    assert len(calls) == 1


def test_rounds_of_each_in_turn_after_a_call_that_does_not_count(measuring, monkeypatch):
    monkeypatch.setattr(measuring, "_round", lambda step: step())
    order = []
    steps = {name: lambda name=name: order.append(name) or 1.0 for name in "ab"}
    assert measuring.timed_in_turn(steps, 2) == {"a": [1.0, 1.0], "b": [1.0, 1.0]}
    assert "".join(order) == "aabbaabb"


def test_a_gpu_that_is_not_there_is_named(measuring, monkeypatch):
    running = importlib.import_module(f"{measuring.__package__}.running")
    monkeypatch.setattr(running.jax, "default_backend", lambda: "cpu")
    with pytest.raises(BenchError, match="--gpu: jax sees cpu"):
        running.require_gpu()


def test_a_case_that_there_is_not_names_those_there_are():
    assert plans.one_case(plans.QUICK, "resnet18-28").stem == "backbones_quick_resnet18-28"
    with pytest.raises(ConfigError, match="--only vgg: choose one of r3d_18-28, resnet18-28"):
        plans.one_case(plans.QUICK, "vgg")
