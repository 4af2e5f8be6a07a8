"""The benchmark of segment-then-analyse: a row for each region, Dice, what is refused."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from topojax.errors import DataError

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def benchmark(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return the module; `benchmarks/` is no package."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module("segmentation")


@pytest.mark.slow
def test_a_tiny_run_writes_its_record(
    benchmark: ModuleType, discs_file: Path, tmp_path: Path
) -> None:
    with np.load(discs_file) as discs:
        arrays = {name: discs[name][:12] for name in discs.files}
    images = [name for name in arrays if name.endswith("_images")]
    arrays |= {name.replace("images", "masks"): 2 * (arrays[name] > 128) for name in images}
    np.savez(tmp_path / "masked.npz", **arrays)
    arguments = [str(tmp_path / "masked.npz"), "--size", "10", "--output", str(tmp_path)]
    sets = ["topology.n_thresholds=6", "classifier.epochs=5", "evaluation.n_bootstrap=100"]
    unet = ["widths=[2, 3]", "convolutions=1", "epochs=1", "folds=2"]
    for option, pairs in (("--set", sets), ("--unet", unet)):
        arguments += [part for pair in pairs for part in (option, pair)]
    benchmark.main(arguments)
    found = json.loads((tmp_path / "segmentation_masked.json").read_text(encoding="utf-8"))
    assert [(row["region"], row["features"]) for row in found["rows"]] == list(benchmark.TITLES)
    assert found["unet"]["widths"] == [2, 3]
    assert found["dice"].keys() == {"train", "val", "test"}
    assert all(0 <= dice["mean"] <= 1 for dice in found["dice"].values())
    assert "baseline_exceeds_by" not in found["rows"][0]
    aucs = [row["test"]["auc"]["value"] for row in found["rows"]]
    for row, auc in zip(found["rows"][1:], aucs[1:], strict=True):
        assert row["baseline_exceeds_by"]["value"] == pytest.approx(aucs[0] - auc)
    page = (tmp_path / "segmentation_masked.md").read_text(encoding="utf-8")
    assert f"| volume of the true mask alone | {aucs[5]:.3f} [" in page
    assert f"--unet {unet[0]}" in page


def test_a_file_without_masks_is_refused(benchmark: ModuleType, discs_file: Path) -> None:
    with pytest.raises(DataError, match=r"holds no train_masks"):
        benchmark.main([str(discs_file), "--unet", "epochs=1"])
