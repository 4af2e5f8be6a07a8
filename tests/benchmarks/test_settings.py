"""The benchmark of settings: the network is trained once a seed, and no test image is read."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def benchmark(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return the module; `benchmarks/` is no package."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module("settings")


@pytest.mark.slow
def test_a_tiny_run_writes_its_record(
    benchmark: ModuleType,
    discs_file: Path,
    tiny: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = (benchmark.NOW, "Laplacians, logistic")
    monkeypatch.setattr(benchmark, "VARIANTS", {name: benchmark.VARIANTS[name] for name in names})
    networks = []
    prepared = benchmark.prepared
    monkeypatch.setattr(
        benchmark, "prepared", lambda *args: networks.append(args) or prepared(*args)
    )
    sets = [part for key, value in tiny.items() for part in ("--set", f"{key}={value}")]
    arguments = [str(discs_file), "--seeds", "2", "--output", str(tmp_path), "--name", "discs"]
    benchmark.main([*arguments, *sets])
    assert len(networks) == 2
    found = json.loads((tmp_path / "settings_discs.json").read_text(encoding="utf-8"))
    assert [(row["seed"], row["variant"]) for row in found["rows"]] == [
        (seed, name) for seed in range(2) for name in names
    ]
    for row in found["rows"]:
        assert all(0 <= row[kind] <= 1 for kind in benchmark.KINDS)
    page = (tmp_path / "settings_discs.md").read_text(encoding="utf-8")
    assert page.count("\n| ") == 1 + len(names)


def test_every_variant_is_a_configuration(benchmark: ModuleType) -> None:
    for variant in benchmark.VARIANTS:
        for dims in (2, 3):
            changes = benchmark.settings_of(variant, dims)
            config = benchmark.make_config(overrides=changes)
            assert config.topology.filtrations == tuple(changes["topology.filtrations"])
