"""`topojax bench`: the same options and records from the command and from the script."""

from __future__ import annotations

import json
import re
import runpy
import sys
from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from topojax.cli import main
from topojax.experiments.bench import needed

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
SCRIPTS = {
    "persistence": "persistence.py",
    "backbones": "backbones.py",
    "cam": "cam_storage.py",
    "search": "search.py",
    "device": "device.py",
}
OPTIONS = {
    "persistence": {"--quick", "--data", "--giotto-python", "--repeats", "--output"},
    "backbones": {"--quick", "--gpu", "--repeats", "--only", "--output"},
    "cam": {"--sizes", "--epochs", "--volumes", "--n-volumes", "--output"},
    "search": {"--data", "--size", "--images", "--loops", "--filtrations", "--thresholds"}
    | {"--repeats", "--name", "--output"},
    "device": {"--sizes", "--repeats", "--output"},
}


def _run_script(monkeypatch: pytest.MonkeyPatch, name: str, *arguments: str) -> None:
    monkeypatch.setattr(sys, "argv", [name, *arguments])
    runpy.run_path(str(BENCHMARKS / SCRIPTS[name]), run_name="__main__")


def _keys(value: Any, path: str = "") -> set[str]:
    """Return every key of a record, by its path."""
    if isinstance(value, dict):
        return {path} | {k for key, one in value.items() for k in _keys(one, f"{path}/{key}")}
    if isinstance(value, list):
        return {path} | {key for one in value for key in _keys(one, f"{path}[]")}
    return {path}


@pytest.mark.parametrize("name", SCRIPTS)
def test_help_of_both_doors_lists_the_options(
    topojax: Callable,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
) -> None:
    outcome = topojax("bench", name, "--help")
    assert outcome.code == 0
    assert f"topojax bench {name}" in outcome.out.partition("Examples:")[2]
    listed = outcome.out.partition("Options:")[2].partition("Examples:")[0]
    found = set(re.findall(r"^  (?:-h, )?(--[\w-]+)", listed, re.MULTILINE))
    assert found == OPTIONS[name] | {"--help"}
    _run_script(monkeypatch, name, "--help")
    assert capsys.readouterr().out == outcome.out


COMMITTED = {
    "persistence": "persistence",
    "backbones": "backbones",
    "cam": "cam_storage",
    "search": "search_adrenalmnist3d_bank",
    "device": "device_cpu",
}


def _tiny_persistence(monkeypatch: pytest.MonkeyPatch, data: Path) -> list[str]:
    from topojax.experiments.bench.persistence import batches, plans
    from topojax.experiments.bench.persistence.inputs import SyntheticInput

    tiny = replace(
        plans.QUICK,
        images=(SyntheticInput("noise", 9), SyntheticInput("noise", 12, 2)),
        batches=(plans.Batch("noise", 6, 2, 1),),
        single=plans.Batch("smooth", 5, 2),
        roi=9,
        # Processes that compile or import the kernels.
        memory=(),
        loops=(),
        first_calls=(),
    )
    monkeypatch.setattr(plans, "QUICK", tiny)
    monkeypatch.setattr(batches, "_STEPS", 1000)
    return ["--quick", "--repeats", "1"]


def _tiny_backbones(monkeypatch: pytest.MonkeyPatch, data: Path) -> list[str]:
    pytest.importorskip("torch", reason="torch, the other side of the benchmark, is not installed")
    from topojax.experiments.bench.backbones import measuring, plans

    tiny = replace(plans.QUICK, cases=(plans.Case("resnet18", 28, 2),))
    monkeypatch.setattr(plans, "QUICK", tiny)
    monkeypatch.setattr(measuring, "SHORTEST_ROUND", 0.0)
    return ["--quick", "--repeats", "1"]


def _tiny_cam(monkeypatch: pytest.MonkeyPatch, data: Path) -> list[str]:
    from topojax.experiments.bench.cam import comparison, reading

    monkeypatch.setattr(comparison, "RULES", comparison.RULES[:1])
    monkeypatch.setattr(reading, "FOLD_SEEDS", (0,))
    return [str(data), "--sizes", "28", "--epochs", "1"]


def _tiny_search(monkeypatch: pytest.MonkeyPatch, data: Path) -> list[str]:
    counts = ["--images", "20", "--loops", "1", "--repeats", "1", "--thresholds", "4"]
    return ["--data", str(data), *counts]


def _tiny_device(monkeypatch: pytest.MonkeyPatch, data: Path) -> list[str]:
    from topojax.experiments.bench.device import record

    shapes = ((2, 6, 5),)
    monkeypatch.setattr(record, "BATCHES", {"cpu": shapes, "other": shapes})
    monkeypatch.setattr(record, "single_images", lambda sizes: [("noise", np.eye(sizes[1])[None])])
    return ["--sizes", "4", "5", "--repeats", "1"]


TINY = {
    "persistence": _tiny_persistence,
    "backbones": _tiny_backbones,
    "cam": _tiny_cam,
    "search": _tiny_search,
    "device": _tiny_device,
}


@pytest.fixture
def data(tmp_path: Path, rng: np.random.Generator) -> Path:
    """Return a file of 20 images of noise of two classes in MedMNIST's form."""
    arrays: dict[str, np.ndarray] = {}
    for split, n in (("train", 20), ("val", 6), ("test", 6)):
        arrays[f"{split}_images"] = rng.integers(0, 256, (n, 28, 28)).astype(np.uint8)
        arrays[f"{split}_labels"] = (np.arange(n) % 2).astype(np.uint8)[:, None]
    np.savez(tmp_path / "noise.npz", **arrays)  # type: ignore[arg-type]
    return tmp_path / "noise.npz"


def _record(folder: Path) -> tuple[list[str], dict[str, Any]]:
    """Return the names of a folder's files, and the one record among them."""
    (file,) = folder.glob("*.json")
    names = sorted(found.name for found in folder.iterdir())
    return names, json.loads(file.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "name",
    [
        "search",
        *(
            pytest.param(name, marks=pytest.mark.slow)
            for name in ("persistence", "backbones", "cam", "device")
        ),
    ],
)
def test_both_doors_write_the_record_that_is_committed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, data: Path, name: str
) -> None:
    monkeypatch.setenv("TOPOJAX_CACHE", str(tmp_path / "cache"))
    arguments = TINY[name](monkeypatch, data)
    monkeypatch.chdir(tmp_path)
    main(["bench", name, *arguments])
    by_script = tmp_path / "by_script"
    _run_script(monkeypatch, name, *arguments, "--output", str(by_script))
    (names, record), (names_there, record_there) = map(_record, (tmp_path / "results", by_script))
    assert names == names_there
    assert _keys(record) == _keys(record_there)
    file = BENCHMARKS / "results" / f"{COMMITTED[name]}.json"
    committed = json.loads(file.read_text(encoding="utf-8"))
    # What is committed may be older than a field.
    assert record.keys() >= committed.keys()
    assert record["question"] == committed["question"]
    for key in {"rows", "cases"} & record.keys():
        assert record[key][0].keys() >= committed[key][0].keys()


def test_scripts_write_beside_themselves_unless_told(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []
    monkeypatch.setattr("topojax.cli.main", asked.append)
    for name in SCRIPTS:
        _run_script(monkeypatch, name, "--output", "elsewhere")
    results = str(BENCHMARKS / "results")
    assert asked == [
        ["bench", name, "--output", results, "--output", "elsewhere"] for name in SCRIPTS
    ]


@pytest.mark.parametrize(
    ("name", "arguments", "module", "remedy"),
    [
        ("backbones", (), "torch", "pip install 'topojax[torch]'"),
        ("search", (), "gudhi", "pip install 'topojax[bench]' or give --loops 0"),
    ],
)
def test_what_a_benchmark_cannot_do_without_is_named_with_its_extra(
    topojax: Callable,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    arguments: tuple[str, ...],
    module: str,
    remedy: str,
) -> None:
    absent = lambda asked: None if asked == module else find_spec(asked)  # noqa: E731
    monkeypatch.setattr(needed, "find_spec", absent)
    outcome = topojax("bench", name, *arguments)
    assert outcome.code == 1
    assert f"needs {module}, which is not installed; {remedy}" in outcome.err


def test_options_that_cannot_be_are_usage_errors(topojax: Callable) -> None:
    for arguments in (
        ("persistence", "--repeats", 0),
        ("backbones", "--repeats", 0),
        ("search", "--filtrations", "intensity,log:1"),
        ("cam", "x.npz", "--sizes", "28", "small"),
        ("device", "--sizes", 0),
    ):
        assert topojax("bench", *arguments).code == 2
    outcome = topojax("bench", "backbones", "--only", "vgg")
    assert outcome.code == 4
    assert "--only vgg: choose one of r3d_18-28" in outcome.err
