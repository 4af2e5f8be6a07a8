"""Bad input: one clear line, a non-zero exit, nothing left behind, before any training."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from topojax.data import SPLITS


def _arrays(n: int = 12, size: int = 28) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    arrays: dict[str, np.ndarray] = {}
    for split in SPLITS:
        arrays[f"{split}_images"] = rng.integers(0, 256, (n, size, size), dtype=np.uint8)
        arrays[f"{split}_labels"] = (np.arange(n) % 2).astype(np.uint8)[:, None]
    return arrays


def _write(path: Path, **changes: Any) -> Path:
    arrays = _arrays() | changes
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})
    return path


def _truncated(path: Path) -> Path:
    _write(path)
    path.write_bytes(path.read_bytes()[:2000])
    return path


def _text(path: Path) -> Path:
    path.write_text("not an archive")
    return path


def _pickled(path: Path) -> Path:
    return _write(path, train_images=np.array([{"a": 1}] * 12, dtype=object))


def _with_nan(path: Path, value: float = np.nan) -> Path:
    images = np.random.default_rng(1).random((12, 28, 28)).astype(np.float32)
    images[3, 4, 5] = value
    return _write(path, val_images=images)


def _wrong_checksum(path: Path) -> Path:
    official = path.with_name("breastmnist.npz")
    return _write(official)


LABELS = (np.arange(12) % 2)[:, None]

DATA: dict[str, tuple[Callable[[Path], Path], str]] = {
    "missing": (lambda path: path, "data.npz"),
    "truncated": (_truncated, "data.npz"),
    "not an npz": (_text, "data.npz"),
    "key missing": (lambda path: _write(path, val_labels=None), "val_labels"),
    "pickled objects": (_pickled, "object"),
    "wrong checksum": (_wrong_checksum, "MD5"),
    "NaN": (_with_nan, "NaN"),
    "infinite": (lambda path: _with_nan(path, np.inf), "inf"),
    "negative label": (lambda path: _write(path, train_labels=LABELS - 1), "label"),
    "label out of range": (
        lambda path: _write(path, test_labels=np.where(LABELS == 1, 200, 0)),
        "class|label",
    ),
    "fractional label": (lambda path: _write(path, train_labels=LABELS + 0.5), "label"),
    "class absent": (lambda path: _write(path, val_labels=LABELS * 0), "class 1"),
    "one class": (
        lambda path: _write(path, **{f"{split}_labels": LABELS * 0 for split in SPLITS}),
        "class",
    ),
    "too few labels": (lambda path: _write(path, train_labels=LABELS[:5]), "12|5"),
    "images too small": (lambda path: _write(path, **_arrays(size=8)), "8"),
    "constant": (
        lambda path: _write(
            path, **{f"{s}_images": np.zeros((12, 28, 28), np.uint8) for s in SPLITS}
        ),
        "constant",
    ),
}


@pytest.mark.parametrize("case", DATA)
def test_bad_data(topojax: Callable, tmp_path: Path, case: str) -> None:
    make, message = DATA[case]
    file = make(tmp_path / "data.npz")
    before = sorted(tmp_path.rglob("*"))
    outcome = topojax("fit", file, "-o", tmp_path / "run")
    _assert_refused(outcome, message)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--preset", "fast"], "fast"),
        (["--set", "backbone.epoch=3"], "backbone.epochs"),
        (["--set", 'cam.layers=["layer7"]'], "layer7"),
        (["--set", "topology.n_thresholds=1"], "n_thresholds"),
        (["--set", "search.folds=7"], "folds"),
        (["--set", "nonsense"], "key=value"),
        (["--set", "backbone.name=r3d_18"], "resnet18"),
        (["--config", "absent.toml"], "absent.toml"),
        (["--weights", "absent.npz"], "absent.npz"),
        (["--epochs", "0"], "backbone.epochs"),
        (["--resume"], "cannot be resumed"),
    ],
)
def test_bad_settings(
    topojax: Callable, tmp_path: Path, arguments: list[str], message: str
) -> None:
    file = _write(tmp_path / "data.npz")
    outcome = topojax("fit", file, "-o", tmp_path / "run", *arguments)
    _assert_refused(outcome, message)
    assert os.listdir(tmp_path) == ["data.npz"]


def test_an_existing_folder_is_not_overwritten(topojax: Callable, tmp_path: Path) -> None:
    file = _write(tmp_path / "data.npz")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "mine.txt").write_text("mine")
    _assert_refused(topojax("fit", file, "-o", tmp_path / "run"), "exists")
    _assert_refused(topojax("fit", file, "-o", tmp_path / "run", "--overwrite"), "not a run")
    assert (tmp_path / "run" / "mine.txt").read_text() == "mine"


def test_a_folder_that_cannot_be_written(topojax: Callable, tmp_path: Path) -> None:
    file = _write(tmp_path / "data.npz")
    _assert_refused(topojax("fit", file, "-o", file / "run"), "cannot be made")
    assert os.listdir(tmp_path) == ["data.npz"]


def test_weights_of_another_model(topojax: Callable, tmp_path: Path) -> None:
    file = _write(tmp_path / "data.npz")
    other = tmp_path / "other.npz"
    np.savez(other, **{"features.0.weight": np.zeros((8, 3, 3, 3), np.float32)})
    outcome = topojax("fit", file, "--weights", other, "-o", tmp_path / "run")
    _assert_refused(outcome, r"other\.npz: .*misses")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("command", ["evaluate", "predict", "explain"])
def test_a_run_that_is_none(topojax: Callable, tmp_path: Path, command: str) -> None:
    file = _write(tmp_path / "data.npz")
    _assert_refused(topojax(command, tmp_path / "absent", file), "absent")


def test_unknown_names_suggest_the_known(topojax: Callable, tmp_path: Path) -> None:
    _assert_refused(topojax("fit", "brestmnist", "-o", tmp_path / "run"), "breastmnist")


def test_features_to_an_unknown_kind_of_file(topojax: Callable, tmp_path: Path) -> None:
    file = _write(tmp_path / "data.npz")
    _assert_refused(topojax("features", file, "-o", tmp_path / "out.xls"), "npz or .csv")
    _assert_refused(topojax("features", file, "-o", file), "exists")


def _assert_refused(outcome: Any, message: str) -> None:
    assert outcome.code not in (0, None)
    # What was read of a file, and what a run will take, is said before anything is refused.
    said = re.compile(r" read as |^run: ")
    lines = [line for line in outcome.err.strip().splitlines() if not said.search(line)]
    assert len(lines) == 1, outcome.err
    assert re.search(message, lines[0]), lines[0]
    assert "Traceback" not in outcome.err
