"""The benchmark of what filters see: equal on ROIs of everything, and a row for each seed."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from topojax.config import make_config
from topojax.data import SPLITS, Dataset

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def benchmark(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return the module; `benchmarks/` is no package."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module("filter_reach")


def test_outside_an_roi_there_is_its_mean(benchmark: ModuleType, rng: np.random.Generator) -> None:
    images = rng.random((3, 5, 6)).astype(np.float32)
    masks = rng.random(images.shape) < 0.5
    found = benchmark.filled(images, masks)
    np.testing.assert_array_equal(found[masks], images[masks])
    for image, mask, one in zip(images, masks, found, strict=True):
        np.testing.assert_allclose(one[~mask], image[mask].mean(), rtol=1e-6)


def test_both_reaches_are_equal_where_there_is_no_outside(
    benchmark: ModuleType, discs: Dataset, rng: np.random.Generator
) -> None:
    config = make_config(
        overrides={"topology.filtrations": ["log:1", "intensity"], "topology.n_thresholds": 6}
    )
    everywhere = {split: np.ones(discs.split(split).images.shape, bool) for split in SPLITS}
    some = {split: rng.random(mask.shape) < 0.7 for split, mask in everywhere.items()}

    def both(masks: dict[str, np.ndarray]) -> list[np.ndarray]:
        found = (benchmark.described(discs, masks, config, r) for r in benchmark.REACHES)
        return [one["test"] for one in found]

    np.testing.assert_array_equal(*both(everywhere))
    assert not np.array_equal(*both(some))


@pytest.mark.slow
def test_a_tiny_run_writes_its_record(
    benchmark: ModuleType, discs_file: Path, tmp_path: Path
) -> None:
    settings = {
        "backbone.epochs": 1,
        "backbone.batch_size": 16,
        "cam.folds": 2,
        "classifier.model": "logistic",
    }
    sets = [part for key, value in settings.items() for part in ("--set", f"{key}={value}")]
    arguments = [str(discs_file), "--seeds", "2", "--output", str(tmp_path), "--name", "discs"]
    benchmark.main([*arguments, *sets])
    found = json.loads((tmp_path / "filter_reach_discs.json").read_text(encoding="utf-8"))
    assert [row["seed"] for row in found["rows"]] == [0, 1]
    for row in found["rows"]:
        assert 0 < row["roi_share"] < 1
        assert all(0 <= row[reach]["val_auc"] <= 1 for reach in benchmark.REACHES)
    page = (tmp_path / "filter_reach_discs.md").read_text(encoding="utf-8")
    assert "The whole image exceeds the ROI alone by " in page
