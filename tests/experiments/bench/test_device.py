"""The benchmark of the device: equal curves before any time, and what is kept for the search."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import ModuleType

import jax
import numpy as np
import pytest

from topojax.experiments.bench.device import images, labelling, record, timing
from topojax.experiments.bench.device.page import markdown
from topojax.search.on_device.measured import measurements_file, read_measurements

RESULTS = Path(__file__).parents[3] / "benchmarks" / "results"


def test_a_tiny_run_has_a_record_and_is_kept_for_the_search(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TOPOJAX_CACHE", str(tmp_path))
    monkeypatch.setattr(record, "BATCHES", {"cpu": ((2, 9, 8),), "other": ((2, 9, 8),)})
    noise = np.random.default_rng(0).random((1, 5, 5, 5), np.float32)
    monkeypatch.setattr(record, "single_images", lambda sizes: [("noise", noise)])
    found, path = record.bench_device((5,), repeats=1)
    named = [row["images"] for row in found["rows"]]
    assert named == ["noise 5×5×5", "smooth 2 × 9×8", "noise 2 × 9×8"]
    for row in found["rows"]:
        assert {"Betti curves", "Betti curves, kernel"} <= row["ns_a_voxel"].keys()
        assert all(ns > 0 for ns in row["ns_a_voxel"].values())
        assert row["bytes_a_voxel"]["Betti curves"] > 100
        assert set(row["compile_s"]) == set(row["bytes_a_voxel"])
    assert "| noise 2 × 9×8 |" in markdown(found)
    committed = json.loads((RESULTS / "device_cpu.json").read_text(encoding="utf-8"))
    assert found.keys() == committed.keys()
    assert found["rows"][0].keys() == committed["rows"][0].keys()
    assert path == measurements_file(jax.devices()[0])
    (kept,) = read_measurements(path)
    assert kept.shape == (9, 8)
    batches = [row["ns_a_voxel"] for row in found["rows"][1:]]
    assert kept.device == pytest.approx(np.mean([ns["Betti curves"] for ns in batches]))
    on_all = [ns["Betti curves, kernels on all processors"] for ns in batches]
    assert kept.kernels == pytest.approx(np.mean(on_all))


def test_other_curves_than_the_kernels_are_not_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timing, "betti_curves", lambda x, grid: 0 * jax.numpy.zeros((3, 50)))
    _, noise = images.smooth_and_noise((1, 5, 5, 5))
    with pytest.raises(AssertionError):
        timing.time_on_device("noise", noise, 1)


def test_labellings_are_held_to_the_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    image = np.random.default_rng(0).random((6, 5, 4), np.float32)
    assert all(len(call()) == 50 for call in labelling.by_labelling(image).values())
    other = ModuleType("cc3d")
    other.connected_components = lambda mask, return_N: (mask, 7)  # type: ignore[attr-defined]
    monkeypatch.setattr(labelling, "find_spec", lambda name: name == "cc3d" or None)
    monkeypatch.setitem(sys.modules, "cc3d", other)
    with pytest.raises(AssertionError):
        labelling.by_labelling(image)


def test_images_are_batches_of_float32_and_no_two_are_alike() -> None:
    single = images.single_images((8,))
    assert [(kind, found.shape) for kind, found in single] == [
        ("smooth", (1, 8, 8, 8)),
        ("noise", (1, 8, 8, 8)),
        ("smooth", (1, 224, 224)),
        ("noise", (1, 224, 224)),
    ]
    for found in (*(image for _, image in single), *images.smooth_and_noise((3, 6, 6))):
        assert found.dtype == np.float32
        assert len(np.unique(found, axis=0)) == len(found)
