"""The benchmark of workers: all ways make the same features, and a tiny run writes its record."""

from __future__ import annotations

import importlib
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from topojax.config import ManifestConfig, make_config
from topojax.data.manifest import rows_of_files
from topojax.experiments.features.work import Blocks

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def benchmark(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return the module; `benchmarks/` is no package."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module("workers")


def test_files_of_both_kinds_have_the_same_features(benchmark: ModuleType, tmp_path: Path) -> None:
    config = make_config(overrides={"topology.filtrations": list(benchmark.BANKS["Laplacians"])})
    found = []
    with ThreadPoolExecutor(2) as executor:
        for kind, blocks in (("npy", Blocks()), ("nii.gz", Blocks(executor))):
            pattern = benchmark.write_volumes(tmp_path, 3, 8, kind)
            rows = rows_of_files(pattern, ManifestConfig())
            assert len(rows) == 3
            found.append(benchmark.made(rows, config, blocks))
    assert found[0].shape == (3, 6 * 3 * 50 + 1)
    np.testing.assert_array_equal(*found)
    assert not np.array_equal(found[0][0], found[0][1])


@pytest.mark.slow
def test_a_tiny_run_writes_its_record(benchmark: ModuleType, tmp_path: Path) -> None:
    arguments = ["--volumes", "4", "--size", "8", "--rounds", "1", "--kinds", "npy"]
    benchmark.main([*arguments, "--output", str(tmp_path)])
    found = json.loads((tmp_path / "workers.json").read_text(encoding="utf-8"))
    assert [row["bank"] for row in found["rows"]] == [*benchmark.BANKS]
    for row in found["rows"]:
        assert row["ratio"] == row["seconds"]["one worker"] / row["seconds"]["two workers"]
    assert found["start_seconds"].keys() == {"one worker", "two workers"}
    assert "One worker begins in" in (tmp_path / "workers.md").read_text(encoding="utf-8")
