"""What labels may reach, by permuting them: whatever is not a score must come out bit by bit.

Labels of training images may reach all that is fitted. Those of validation images may choose among
what was fitted without them: the epoch, a rule that is searched by validation scores, a
temperature. Those of test images may reach scores alone.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest

from topojax import TopoCAM
from topojax.config import make_config
from topojax.data import SPLITS, Dataset
from topojax.experiments import fit_run

Outputs = dict[str, np.ndarray]


def _with_permuted_labels(dataset: Dataset, name: str) -> Dataset:
    """Return the data set with the labels of one split given to other images of it."""
    split = dataset.split(name)
    labels = np.random.default_rng(3).permutation(split.labels)
    moved = labels != split.labels
    assert 0.2 < moved.mean() < 0.8
    return dataclasses.replace(dataset, **{name: dataclasses.replace(split, labels=labels)})


def _arrays(holder: Any, path: str) -> Iterator[tuple[str, np.ndarray]]:
    """Go through the fields and trees of what was fitted; yield its arrays and numbers by path."""
    if dataclasses.is_dataclass(holder):
        for field in dataclasses.fields(holder):
            yield from _arrays(getattr(holder, field.name), f"{path}.{field.name}")
        return
    for place, leaf in jax.tree_util.tree_leaves_with_path(holder):
        name = path + jax.tree_util.keystr(place)
        if leaf is not holder and dataclasses.is_dataclass(leaf):
            yield from _arrays(leaf, name)
        elif isinstance(leaf, np.ndarray | jax.Array | int | float):
            yield name, np.asarray(leaf)


def _outputs(run: Path) -> Outputs:
    """Return every array that a run left which is no label: features, predictions, checkpoint."""
    with np.load(run / "features.npz") as features:
        # Which images are shown, as examples of their classes or as errors, is a matter of labels,
        # and with them what is on their ROIs.
        shown = ("example_", "error_", "topology_", "bars_")
        given = (*shown, *(f"{split}_labels" for split in SPLITS))
        found = {name: features[name] for name in features.files if not name.startswith(given)}
    assert {f"{split}_descriptors" for split in SPLITS} <= found.keys()
    for split in SPLITS:
        rows = np.loadtxt(run / f"predictions_{split}.csv", delimiter=",")
        found[f"{split}_predictions"] = rows
    fitted = dict(_arrays(TopoCAM.load(run).fitted_, "fitted"))
    # Over a hundred arrays of the network alone.
    assert len(fitted) > 100
    return found | fitted


def _differing(one: Outputs, other: Outputs) -> set[str]:
    assert one.keys() == other.keys()
    return {name for name in one if not np.array_equal(one[name], other[name])}


def _numbers(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(value, Mapping):
        for key, one in value.items():
            yield from _numbers(one, (*path, key))
    else:
        yield path, value


def _differing_metrics(one: Path, other: Path) -> set[tuple[str, ...]]:
    """Return the paths in `metrics.json` at which two runs differ, seconds aside."""
    ours, theirs = (
        {
            path: value
            for path, value in _numbers(json.loads((run / "metrics.json").read_text()))
            if path[0] != "timing"
        }
        for run in (one, other)
    )
    return {path for path in ours.keys() | theirs.keys() if ours.get(path) != theirs.get(path)}


@pytest.fixture(scope="module")
def fit(
    discs: Dataset, tiny: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., Path]:
    """Return a function that runs on the discs, `permuted` a split's labels, and gives the run."""
    finished: dict[tuple, Path] = {}

    def run(permuted: str | None = None, **changes: Any) -> Path:
        key = (permuted, *sorted(changes.items()))
        if key not in finished:
            overrides = tiny | {name.replace("__", "."): value for name, value in changes.items()}
            data = discs if permuted is None else _with_permuted_labels(discs, permuted)
            path = tmp_path_factory.mktemp("runs") / "run"
            fit_run(data, make_config(overrides=overrides), path)
            finished[key] = path
        return finished[key]

    return run


def test_labels_of_test_images_reach_their_scores_alone(fit: Callable[..., Path]) -> None:
    one, other = fit(), fit("test")
    assert _differing(_outputs(one), _outputs(other)) == set()
    changed = _differing_metrics(one, other)
    # Warnings tell what the temperature does to test confidences.
    of_test = ("comparisons", "warnings")
    assert {path for path in changed if "test" not in path and path[0] not in of_test} == set()
    assert any(path[:2] == ("topocam", "test") for path in changed)


def test_labels_of_validation_images_reach_no_map(fit: Callable[..., Path]) -> None:
    # One epoch, so that there is none to choose.
    one, other = fit(backbone__epochs=1), fit("val", backbone__epochs=1)
    differing = _differing(_outputs(one), _outputs(other))
    # The temperature and the record of the epoch are numbers of the validation split.
    chosen = {name for name in differing if "temperature" in name or "history" in name}
    assert differing - chosen == set()
    changed = _differing_metrics(one, other)
    assert any(path[:2] == ("topocam", "val") for path in changed)
    # Warnings tell what the temperature does to confidences.
    scores = {"val", "val_auc", "calibration", "backbone_training", "warnings"}
    assert {path for path in changed if not scores & set(path)} == set()


def test_labels_of_training_images_reach_everything(fit: Callable[..., Path]) -> None:
    """The same comparison sees what labels do where they may do it."""
    differing = _differing(_outputs(fit()), _outputs(fit("train")))
    for split in SPLITS:
        assert {f"{split}_predictions", f"{split}_descriptors"} <= differing


@pytest.mark.slow
def test_the_leak_that_is_there_on_purpose_is_seen(fit: Callable[..., Path]) -> None:
    """With maps of the true class, what is refused above happens."""
    leaking = {"cam__target": "label", "search__method": "uniform", "search__tau": 0.5}
    one, other = _outputs(fit(**leaking)), _outputs(fit("test", **leaking))
    differing = _differing(one, other)
    assert {"test_predictions", "test_descriptors"} <= differing
    # And reaches nothing that is fitted: the leak is in how test images are read.
    assert {name for name in differing if not name.startswith("test_")} == set()


def test_images_are_read_one_by_one(fit: Callable[..., Path], discs: Dataset) -> None:
    model, images = TopoCAM.load(fit()), discs.test.images
    order = np.random.default_rng(1).permutation(len(images))
    for read in (model.transform, model.predict_proba):
        together = read(images)
        # Programs that are compiled without optimisation sum in an order of their own.
        np.testing.assert_allclose(read(images[order]), together[order], rtol=1e-5, atol=1e-6)
        assert len(np.unique(together, axis=0)) > len(images) // 2
    alone = model.predict_proba(images[7:8])
    np.testing.assert_allclose(alone, together[7:8], rtol=1e-5, atol=1e-6)
