"""What commands make of data files: their scale and their axes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

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
