"""What commands make of data files: their scale and their axes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from topojax.data import IntensityScale
from topojax.pipeline.storage import load_fitted
from topojax.runs import Environment


def test_a_run_holds_images_to_its_own(
    topojax: Callable[..., Any], discs_run: Path, discs_file: Path, tmp_path: Path
) -> None:
    assert Environment.read(discs_run).data.scale == "uint8, divided by 255"
    assert load_fitted(discs_run).scale == IntensityScale("uint8", 255)
    with np.load(discs_file) as arrays:
        np.savez(
            tmp_path / "floats.npz",
            images=arrays["test_images"].astype(np.float32),
            labels=arrays["test_labels"],
        )
    for command, rest in (
        ("predict", []),
        ("evaluate", []),
        ("explain", ["-o", tmp_path / "explained"]),
    ):
        outcome = topojax(command, discs_run, tmp_path / "floats.npz", *rest)
        assert outcome.code == 3, command
        assert "images has dtype float32 from" in outcome.err
    features = ["features", tmp_path / "floats.npz", "--run", discs_run, "-o", tmp_path / "f.csv"]
    assert topojax(*features).code == 3
    assert topojax("predict", discs_run, discs_file).code == 0


def test_axes_are_asked_for_and_told(topojax: Callable[..., Any], tmp_path: Path) -> None:
    source, target = tmp_path / "mine.npy", tmp_path / "features.csv"
    np.save(source, np.random.default_rng(0).random((5, 9, 8, 3), np.float32))
    asked = topojax("features", source, "-o", target)
    assert asked.code == 3
    assert "--spatial-dims 3" in asked.err
    assert not target.exists()
    for dims, words, columns in ((2, "colour images of 9 x 8", 100), (3, "9 x 8 x 3", 150)):
        told = topojax("features", source, "-o", tmp_path / f"{dims}.csv", "--spatial-dims", dims)
        assert words in told.err
        header = (tmp_path / f"{dims}.csv").read_text().splitlines()[0]
        assert len(header.split(",")) == 1 + columns + 1


@pytest.mark.parametrize("command", ["fit", "leaktest", "predict", "evaluate", "explain"])
def test_every_command_that_reads_data_can_be_told(
    topojax: Callable[..., Any], discs_run: Path, discs_file: Path, tmp_path: Path, command: str
) -> None:
    run = [] if command in ("fit", "leaktest") else [discs_run]
    refused = topojax(command, *run, discs_file, "--spatial-dims", 3)
    assert refused.code == (4 if run else 3)
    assert "spatial" in refused.err
