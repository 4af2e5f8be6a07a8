"""Timings of the device are taken on equal curves, and kept where the search looks for them."""

from __future__ import annotations

from pathlib import Path

import jax
import numpy as np
import pytest

from topojax.experiments.bench import device, smooth_and_noise, time_on_device
from topojax.search.on_device.measured import measurements_file, read_measurements


def test_what_is_measured_is_kept_for_the_search(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TOPOJAX_CACHE", str(tmp_path))
    monkeypatch.setattr(device, "_SHAPES", {"cpu": ((2, 9, 8),)})
    timings, path = device.bench_device(repeats=1)
    assert [timing.images for timing in timings] == [
        "smooth 2 × 9×8",
        "noise 2 × 9×8",
    ]
    assert path == measurements_file(jax.devices()[0])
    rows = read_measurements(path)
    assert [row.shape for row in rows] == [(9, 8)]
    means = [np.mean([timing.ns_a_voxel["Betti curves"] for timing in timings[:2]])]
    assert rows[0].device == pytest.approx(means[0])
    assert all(row.kernels > 0 for row in rows)
    assert timings[0].bytes_a_voxel["Betti curves"] > 100
    assert set(timings[0].compile_s) == set(timings[0].bytes_a_voxel)


def test_other_curves_than_the_kernels_are_not_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "betti_curves", lambda x, grid: 0 * jax.numpy.zeros((3, 50)))
    _, noise = smooth_and_noise((1, 5, 5, 5))
    with pytest.raises(AssertionError):
        time_on_device("noise", noise, 1)
