"""Run folders that are missing something or do not fit together are refused in one line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from topojax.errors import RunError
from topojax.runs import Metrics, load_run

FILES = (
    "config.json",
    "environment.json",
    "metrics.json",
    "features.npz",
    "predictions_train.csv",
    "predictions_val.csv",
    "predictions_test.csv",
)


def _refused(folder: Path, name: str, reason: str) -> None:
    with pytest.raises(RunError, match=reason) as caught:
        load_run(folder)
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("name", "n_classes"), [("discs_run", 2), ("solids_run", 3)])
def test_a_run_is_read_as_it_was_written(
    request: pytest.FixtureRequest, name: str, n_classes: int
) -> None:
    folder = request.getfixturevalue(name)
    run = load_run(folder)
    assert len(run.class_names) == n_classes
    assert {split: len(of) for split, of in run.labels.items()} == run.environment.data.n
    assert run.probabilities["test"].shape == (len(run.labels["test"]), n_classes)
    assert run.metrics == Metrics.read(folder)
    written = json.loads((folder / "config.json").read_text())
    assert run.config == written
    assert (run.preset, run.features) == (written["preset"], "topology")


@pytest.mark.parametrize("name", FILES)
def test_a_missing_or_broken_file_is_named(copied: Any, discs_run: Path, name: str) -> None:
    folder = copied(discs_run)
    (folder / name).write_bytes(b"\xff\n?")
    _refused(folder, name, "cannot be read")
    (folder / name).write_bytes(b"")
    _refused(folder, name, "cannot be read|shape")
    (folder / name).unlink()
    _refused(folder, name, "is missing")


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    _refused(tmp_path / "absent", "absent", "is missing")


@pytest.mark.parametrize(
    ("name", "keys", "value", "reason"),
    [
        ("metrics.json", ("fusion", "tau"), None, r"fusion\.tau"),
        ("metrics.json", ("topocam", "test", "auc"), {"value": 1}, r"topocam\.test"),
        ("metrics.json", ("roi",), {}, "roi: lacks the train split"),
        ("environment.json", ("data", "class_names"), ["one"], r"data\.class_names"),
        ("environment.json", ("data", "class_names"), ["a", "b", "c"], "expected"),
        ("environment.json", ("data", "spatial_dims"), 3, "dimensions, expected 4"),
    ],
)
def test_a_wrong_value_is_named(
    copied: Any, discs_run: Path, name: str, keys: tuple[str, ...], value: Any, reason: str
) -> None:
    folder = copied(discs_run)
    values = json.loads((folder / name).read_text())
    inner = values
    for key in keys[:-1]:
        inner = inner[key]
    inner[keys[-1]] = value
    (folder / name).write_text(json.dumps(values))
    _refused(folder, "", reason)


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("test_labels", np.zeros(19, int), "predictions_test"),
        ("val_labels", np.full(16, 2), "labels run from 2 to 2"),
        ("test_curves_full", np.zeros((20, 2, 11)), "test_curves_full has shape"),
        ("thresholds", np.zeros(11), "thresholds has shape"),
        ("test_backbone_probabilities", np.zeros((20, 3)), r"features\.npz.*shape \(20, 3\)"),
        ("test_backbone_probabilities", None, "it lacks test_backbone_probabilities"),
        ("example_predicted", np.full(6, 2), "exceed 2 classes"),
        ("example_fused", np.zeros((6, 28, 27)), "differ in shape|example_fused"),
        ("example_images", np.zeros((6, 27, 28)), "differ in shape"),
        ("example_labels", np.zeros(5, int), "example labels"),
        ("example_masks", None, "it lacks example_masks"),
        ("example_fused", np.zeros((6, 28)), "example_fused has 2 dimensions, expected 3"),
        ("test_curves", np.zeros((20, 24)), "test_curves has 2 dimensions, expected 3"),
        ("test_labels", np.array([{}] * 20), "cannot be read"),
        ("error_predicted", np.full(99, 1), "error labels are not"),
        ("topology_values", np.zeros((6, 27, 28)), "topology_values has shape"),
        ("topology_curves", np.zeros((6, 40, 3, 12)), "topology_curves has shape"),
        ("topology_taus", None, "it lacks topology_taus"),
        ("bars_ends", np.zeros((3, 2)), "bars_example has shape"),
        ("bars_counts", np.zeros((6, 3), int), "bars_counts has shape"),
        ("test_names", np.array(["a"]), "test_names has shape"),
    ],
)
def test_arrays_that_do_not_fit_are_named(
    copied: Any, discs_run: Path, key: str, value: np.ndarray | None, reason: str
) -> None:
    folder = copied(discs_run)
    with np.load(folder / "features.npz") as file:
        arrays = {name: file[name] for name in file.files if name != key}
    np.savez(folder / "features.npz", **(arrays if value is None else arrays | {key: value}))
    _refused(folder, "", reason)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda lines: lines[:-1], "shape"),
        (lambda lines: [f"{line},0" for line in lines], "shape"),
        (lambda lines: [*lines[:-1], lines[0]], "index"),
        (lambda lines: [*lines[:-1], "19,nan,1"], "expected finite"),
        (lambda lines: [*lines[:-1], "19,3.5,-1.5"], "softmax"),
        (lambda lines: ["index,p0,p1", *lines], "cannot be read"),
        (lambda lines: [*lines, "20,1"], "cannot be read"),
    ],
)
def test_predictions_that_do_not_fit_are_named(
    copied: Any, discs_run: Path, change: Any, reason: str
) -> None:
    path = copied(discs_run) / "predictions_test.csv"
    path.write_text("\n".join(change(path.read_text().splitlines())))
    _refused(path.parent, path.name, reason)
