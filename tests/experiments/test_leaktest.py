"""The leak test passes what is honest, and fails what takes maps of the true class."""

from __future__ import annotations

import json
import logging
import os
import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from topojax.config import Config, make_config
from topojax.data import Dataset, synthetic_dataset
from topojax.errors import DataError, LeakError, RunError
from topojax.executors import Spreading, open_executor
from topojax.experiments.leaktest import (
    Trial,
    leak_trials,
    leak_verdicts,
    markdown_table,
    require_chance,
)
from topojax.runs.lock import hold
from topojax.search import OBJECTIVES, register_objective


@pytest.fixture(scope="module")
def variants(tiny: dict[str, Any]) -> dict[str, Config]:
    given = tiny | {"search.method": "uniform", "search.tau": 0.5, "classifier.epochs": 100}
    return {
        "predicted": make_config(overrides=given),
        "true class": make_config(overrides=given | {"cam.target": "label"}),
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("leaks") / "test"


@pytest.fixture(scope="module")
def trials(discs: Dataset, variants: dict[str, Config], folder: Path) -> list[Trial]:
    return leak_trials(
        discs, variants, seeds=range(3), nulls=["shuffled labels"], n_train=24, folder=folder
    )


def test_every_variant_and_seed_is_tried(trials: list[Trial]) -> None:
    assert [(t.variant, t.seed) for t in trials] == [
        (variant, seed) for seed in range(3) for variant in ("predicted", "true class")
    ]
    for trial in trials:
        assert {"topocam", "backbone", "roi-size", "predicted-class"} <= trial.auc.keys()
        assert all(0 <= auc <= 1 for auc in trial.auc.values())
        assert trial.dropped == 0
        assert trial.counts == {"val": [8, 8], "test": [10, 10]}


def test_maps_of_the_true_class_give_shuffled_labels_away(trials: list[Trial]) -> None:
    leaking = [t.auc["topocam"] for t in trials if t.variant == "true class"]
    honest = [t.auc["topocam"] for t in trials if t.variant == "predicted"]
    assert np.max(leaking) > 0.7
    assert np.mean(leaking) > max(0.6, np.mean(honest))
    # The network itself is the same: it is not what leaks.
    by_seed = {(t.variant, t.seed): t.auc["backbone"] for t in trials}
    for seed in range(3):
        assert by_seed["predicted", seed] == by_seed["true class", seed]


def test_trials_are_kept_and_not_run_again(
    discs: Dataset, variants: dict[str, Config], trials: list[Trial], folder: Path
) -> None:
    seen: list[Trial] = []
    again = leak_trials(
        discs,
        variants,
        seeds=range(3),
        nulls=["shuffled labels"],
        n_train=24,
        folder=folder,
        on_trial=seen.append,
    )
    assert again == seen == trials
    with pytest.raises(RunError, match="other settings"):
        leak_trials(discs, variants, seeds=range(3), n_train=25, folder=folder)
    assert json.loads((folder / "leaktest.json").read_text())["settings"]["n_train"] == 24


_DISCS = partial(
    synthetic_dataset, "shapes", seed=7, n_train=32, n_val=16, n_test=20, size=28, spatial_dims=2
)


@pytest.mark.slow
def test_trials_of_another_process_are_the_same_to_the_last_bit(
    discs: Dataset, variants: dict[str, Config], trials: list[Trial], folder: Path, tmp_path: Path
) -> None:
    copy = shutil.copytree(folder, tmp_path / "copy")
    # As a killed test leaves it. The worker has half of the processors.
    (copy / "trials_shuffled_labels_1.json").unlink()
    seen: list[Trial] = []
    with open_executor(Spreading(workers=2)) as executor:
        found = leak_trials(
            discs,
            variants,
            seeds=range(3),
            nulls=["shuffled labels"],
            n_train=24,
            folder=copy,
            on_trial=seen.append,
            executor=executor,
            source=_DISCS,
        )
    assert found == trials
    assert seen == [*trials[:2], *trials[4:], *trials[2:4]]
    names = [sorted(file.name for file in path.iterdir()) for path in (folder, copy)]
    assert names[0] == names[1]
    for file in folder.glob("trials_*"):
        assert (copy / file.name).read_bytes() == file.read_bytes()


def test_a_folder_of_trials_has_one_owner(
    discs: Dataset, variants: dict[str, Config], trials: list[Trial], folder: Path
) -> None:
    settings = {"seeds": range(3), "nulls": ["shuffled labels"], "n_train": 24, "folder": folder}
    with (
        hold(folder, "leaktest"),
        pytest.raises(RunError, match=f"in use by process {os.getpid()}"),
    ):
        leak_trials(discs, variants, **settings)
    assert leak_trials(discs, variants, **settings) == trials
    assert not (folder / "lock.json").exists()


def test_what_is_no_folder_of_trials_is_refused(
    discs: Dataset, variants: dict[str, Config], tmp_path: Path
) -> None:
    file = tmp_path / "file"
    file.write_text("mine")
    for path, said in ((file, "is a file"), (tmp_path, "is no leak test")):
        with pytest.raises(RunError, match=said):
            leak_trials(discs, variants, seeds=range(2), folder=path)
    with pytest.raises(RunError, match="too long"):
        leak_trials(discs, variants, seeds=range(2), folder=tmp_path / ("a" * 300))
    assert file.read_text() == "mine"


@pytest.mark.slow
def test_a_leak_test_that_goes_on_elsewhere_says_so(
    discs: Dataset,
    variants: dict[str, Config],
    trials: list[Trial],
    folder: Path,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    copy = shutil.copytree(folder, tmp_path / "copy")
    file = copy / "leaktest.json"
    stored = json.loads(file.read_text())
    stored["environment"]["n_devices"] = 7
    file.write_text(json.dumps(stored))
    with caplog.at_level(logging.WARNING, "topojax"):
        leak_trials(
            discs, variants, seeds=range(3), nulls=["shuffled labels"], n_train=24, folder=copy
        )
    assert [m for m in caplog.messages if m.startswith("begun on 7 x")] == caplog.messages != []
    damaged = copy / "trials_shuffled_labels_0.json"
    damaged.write_text(damaged.read_text()[:50])
    with pytest.raises(RunError, match=r"trials_shuffled_labels_0\.json is damaged"):
        leak_trials(
            discs, variants, seeds=range(3), nulls=["shuffled labels"], n_train=24, folder=copy
        )


def _trial(variant: str, seed: int, auc: float, search_score: float | None = None) -> Trial:
    scores = {"topocam": auc, "roi-size": auc, "backbone": 0.5}
    counts = {"val": [21, 57], "test": [42, 114]}
    return Trial(variant, "shuffled labels", seed, scores, search_score, 0, counts)


@pytest.mark.parametrize(
    ("aucs", "leaks"),
    [
        ((0.48, 0.53, 0.50, 0.51), False),
        ((0.90, 0.93, 0.95, 0.91), True),
        ((0.10, 0.13, 0.08, 0.11), True),
    ],
)
def test_verdict(aucs: tuple[float, ...], leaks: bool) -> None:
    config = {"one": make_config()}
    trials = [_trial("one", seed, auc) for seed, auc in enumerate(aucs)]
    (verdict,) = leak_verdicts(trials, config, 0.95)
    assert verdict.leaks is leaks
    assert verdict.mean == pytest.approx(np.mean(aucs))
    assert verdict.standard_error == pytest.approx(np.std(aucs, ddof=1) / 2)
    # sqrt(157 / (12 * 42 * 114)) a seed, 1.96 of them, over the root of 4 seeds
    assert (verdict.low, verdict.high) == pytest.approx(
        (np.mean(aucs) - 0.0512, np.mean(aucs) + 0.0512), abs=1e-4
    )
    table = markdown_table(trials, [verdict])
    assert ("**leaks**" in table) is leaks
    if leaks:
        with pytest.raises(LeakError, match=r"one: test AUC on shuffled labels"):
            require_chance([verdict])
    else:
        require_chance([verdict])


@pytest.mark.parametrize("objective", ["val-resubstitution", "one of a user's"])
def test_a_validation_score_on_trained_images_is_judged_too(
    monkeypatch: pytest.MonkeyPatch, objective: str
) -> None:
    monkeypatch.setattr("topojax.search.objectives.registry._OBJECTIVES", dict(OBJECTIVES))
    if objective not in OBJECTIVES:
        fitness = OBJECTIVES["val-auc"].fitness
        register_objective(objective, fitness, splits=("val",), is_resubstitution=True)
    config = make_config(overrides={"search.objective": objective})
    trials = [_trial("one", seed, 0.5 + 0.01 * seed, 0.9 + 0.01 * seed) for seed in range(3)]
    verdicts = leak_verdicts(trials, {"one": config}, 0.95)
    assert {v.score: v.leaks for v in verdicts} == {"test AUC": False, "validation AUC": True}


def test_few_seeds_that_differ_much_do_not_hide_a_leak() -> None:
    # By the spread of these seeds alone, the interval would be [0.47, 0.96].
    aucs = (0.704, 0.784, 0.679, 0.542, 0.857)
    trials = [_trial("one", seed, auc) for seed, auc in enumerate(aucs)]
    (verdict,) = leak_verdicts(trials, {"one": make_config()}, 0.99)
    assert verdict.leaks


def test_what_cannot_be_judged_does_not_pass() -> None:
    trials = [_trial("one", 0, 0.5), *(replace(_trial("one", s, 0.5), auc={}) for s in (1, 2))]
    with pytest.raises(DataError, match="one: 1 of 3 seeds on shuffled labels have test images"):
        leak_verdicts(trials, {"one": make_config()}, 0.99)
