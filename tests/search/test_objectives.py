"""Objectives: they see what they may, reward what they should, and do not mix candidates."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from topojax.cam import fuse_maps
from topojax.config import ClassifierConfig, SearchConfig
from topojax.errors import ConfigError, DataError
from topojax.evaluation import auc_score
from topojax.search import OBJECTIVES, objective_score, register_objective, stratified_folds
from topojax.search.objectives import Candidates, Task, find_objective, fused_map_means
from topojax.search.objectives.registry import _OBJECTIVES
from topojax.training import classifier_probabilities, fit_classifier

N_TRAIN, N = 60, 100
CLASSIFIED = ("cv-auc", "val-auc", "train-loss", "val-resubstitution")


def make_task(n_classes: int = 2, **search: object) -> Task:
    settings = {"classifier_epochs": 50, "classifier_batch_size": 16, "folds": 3} | search
    return Task(
        labels=np.arange(N) % n_classes,
        n_train=N_TRAIN,
        n_classes=n_classes,
        search=SearchConfig(**settings),
        classifier=ClassifierConfig(hidden=(16, 8)),
        seed=5,
    )


def candidates(features: np.ndarray, kept: np.ndarray | None = None) -> Candidates:
    everything = np.ones(features.shape[:2], bool)
    return Candidates(features.astype(np.float32), everything if kept is None else kept)


def judge(name: str, given: Candidates, task: Task) -> np.ndarray:
    """Return the fitness on the splits that the objective reads, as `RoiObjective` cuts them."""
    objective = find_objective(name)
    rows = {"train": np.arange(N_TRAIN), "val": np.arange(N_TRAIN, N)}
    seen = np.concatenate([rows[split] for split in objective.splits])
    n_train = N_TRAIN if "train" in objective.splits else 0
    shown = replace(task, labels=task.labels[seen], n_train=n_train)
    return objective.fitness(Candidates(given.features[:, seen], given.kept[:, seen]), shown)


@pytest.mark.parametrize("name", CLASSIFIED)
@pytest.mark.parametrize("n_classes", [2, 3])
def test_descriptors_that_are_the_label_are_the_best(
    rng: np.random.Generator, name: str, n_classes: int
) -> None:
    task = make_task(n_classes)
    noise = rng.standard_normal((N, 4))
    told = 0.01 * noise
    told[:, :n_classes] += np.eye(n_classes)[task.labels]
    fitness = judge(name, candidates(np.stack([noise, told])), task)
    assert fitness.shape == (2,)
    assert fitness.dtype == np.float64
    assert fitness[1] < 0.1
    assert fitness[1] < fitness[0]


@pytest.mark.parametrize("name", ["cv-auc", "val-auc"])
def test_held_out_scores_of_noise_are_chance(rng: np.random.Generator, name: str) -> None:
    # The mean over candidates: one alone varies by 0.1.
    noise = candidates(rng.standard_normal((40, N, 4)))
    assert judge(name, noise, make_task()).mean() == pytest.approx(0.5, abs=0.05)


def test_resubstitution_calls_noise_good(rng: np.random.Generator) -> None:
    noise = candidates(rng.standard_normal((4, N, 30)))
    task = make_task()
    assert np.all(judge("val-resubstitution", noise, task) < 0.1)
    assert np.all(judge("cv-auc", noise, task) > 0.25)


@pytest.mark.parametrize("name", CLASSIFIED)
def test_fitness_is_deterministic_and_knows_no_other_candidate(
    rng: np.random.Generator, name: str
) -> None:
    features, task = rng.standard_normal((5, N, 4)), make_task()
    together = judge(name, candidates(features), task)
    np.testing.assert_array_equal(together, judge(name, candidates(features), task))
    alone = [judge(name, candidates(one[None]), task)[0] for one in features]
    np.testing.assert_array_equal(together, alone)


def test_cv_auc_is_the_mean_over_final_classifiers_of_the_folds(rng: np.random.Generator) -> None:
    task = make_task()
    features = (task.labels[:, None] + 2 * rng.standard_normal((N, 4))).astype(np.float32)
    labels, x = task.labels[:N_TRAIN], features[:N_TRAIN]
    rate = task.search.classifier_learning_rate
    changes = {"epochs": 50, "batch_size": 16, "learning_rate": rate}
    config = task.classifier.model_copy(update=changes)
    aucs = []
    for fitted, scored in stratified_folds(labels, 3, task.seed):
        classifier = fit_classifier(task.seed, x[fitted], labels[fitted], 2, config)
        aucs.append(auc_score(labels[scored], classifier_probabilities(classifier, x[scored])))
    fitness = judge("cv-auc", candidates(features[None]), task)
    assert fitness[0] == pytest.approx(1 - np.mean(aucs), abs=1e-6)


@pytest.mark.parametrize("name", CLASSIFIED)
def test_samples_left_out_have_no_influence(rng: np.random.Generator, name: str) -> None:
    features, kept = rng.standard_normal((3, N, 4)), rng.random((3, N)) < 0.8
    spoilt = np.where(kept[:, :, None], features, 1e3)
    task = make_task()
    clean = judge(name, candidates(features, kept), task)
    np.testing.assert_array_equal(clean, judge(name, candidates(spoilt, kept), task))
    assert not np.array_equal(clean, judge(name, candidates(features), task))


@pytest.mark.parametrize("name", CLASSIFIED)
def test_what_cannot_be_judged_has_no_fitness(rng: np.random.Generator, name: str) -> None:
    features, kept = rng.standard_normal((4, N, 4)), np.ones((4, N), bool)
    features[1, :, 2] = np.nan  # diverges
    kept[2] = False  # nothing left
    task = make_task()
    fitness = judge(name, candidates(features, kept), task)
    assert np.isnan(fitness).tolist() == [False, True, True, False]


def test_train_loss_is_the_cross_entropy() -> None:
    # Constant descriptors tell nothing: the loss ends near that of the class frequencies.
    task = make_task()
    fitness = judge("train-loss", candidates(np.zeros((1, N, 4))), task)
    assert fitness[0] == pytest.approx(np.log(2), abs=0.02)
    assert objective_score("train-loss", 0.7) == 0.7
    assert objective_score("cv-auc", 0.25) == 0.75


@pytest.mark.parametrize("sign", [1, -1])
def test_map_auc_takes_either_direction(rng: np.random.Generator, sign: int) -> None:
    task = make_task(3)
    good = sign * (task.labels == 1) + 0.1 * rng.random(N)
    bad = rng.random(N)
    found = judge("map-auc", Candidates(np.stack([good, bad]), np.ones((2, N), bool)), task)
    # Class 1 is told apart perfectly; the mean tells it from each other class, too: 3/4.
    assert found[0] == pytest.approx(1 - (1 + 0.75 + 0.75) / 3, abs=0.06)
    assert found[0] < found[1]
    assert np.all(found <= 0.5)


@pytest.mark.parametrize("rescale", [True, False])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_fused_map_means_are_the_means_of_fused_maps(
    rng: np.random.Generator, dtype: type, rescale: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Several blocks of voxels.
    monkeypatch.setattr("topojax.search.objectives.fused_map._VALUES_AT_A_TIME", 100)
    maps = rng.integers(0, 256, (6, 3, 5, 6, 4)).astype(np.uint8)
    maps[2] = 255  # flat, whatever the weights
    if dtype == np.float32:
        maps = (maps / 255).astype(np.float32)
    weights = rng.dirichlet(np.ones(3), 4).astype(np.float32)
    expected = [fuse_maps(maps, one, rescale=rescale).mean(axis=(1, 2, 3)) for one in weights]
    np.testing.assert_allclose(fused_map_means(maps, weights, rescale=rescale), expected, atol=2e-6)


def test_what_objectives_read() -> None:
    assert set(OBJECTIVES) >= {*CLASSIFIED, "map-auc"}
    seen = {name: objective.splits for name, objective in OBJECTIVES.items()}
    assert seen["cv-auc"] == ("train",)
    assert seen["val-auc"] == ("train", "val")
    assert seen["train-loss"] == ("train",)
    assert {name for name, one in OBJECTIVES.items() if one.is_resubstitution} == {
        "train-loss",
        "val-resubstitution",
    }


def test_objectives_can_be_added(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("topojax.search.objectives.registry._OBJECTIVES", dict(_OBJECTIVES))
    added = register_objective("size", lambda given, task: given.features[..., -1].mean(axis=1))
    assert find_objective("size") is added
    with pytest.raises(ConfigError, match="exists already"):
        register_objective("cv-auc", added.fitness)
    with pytest.raises(ConfigError, match="expected"):
        register_objective("other", added.fitness, splits=("test",))  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="choose one of cv-auc"):
        find_objective("accuracy")


def test_objectives_say_what_their_scores_are_worth(monkeypatch: pytest.MonkeyPatch) -> None:
    assert all(objective.note for objective in OBJECTIVES.values())
    # Of what is read from the validation split, its scores know already.
    for name in ("val-auc", "map-auc"):
        assert "optimistic" in OBJECTIVES[name].note
    assert [name for name, one in OBJECTIVES.items() if one.defect] == ["val-resubstitution"]
    monkeypatch.setattr("topojax.search.objectives.registry._OBJECTIVES", dict(_OBJECTIVES))
    fitness = OBJECTIVES["val-auc"].fitness
    assert register_objective("honest", fitness).defect == ""
    marked = register_objective("marked", fitness, splits=("val",), is_resubstitution=True)
    assert "trained on" in marked.defect
    excused = register_objective("excused", fitness, is_resubstitution=True, defect="")
    assert excused.defect == ""


def test_too_few_samples_for_the_folds() -> None:
    with pytest.raises(DataError, match="class 1 has 2 training samples"):
        stratified_folds(np.array([0] * 9 + [1] * 2), 3, 0)


def test_candidates_are_trained_at_the_search_s_own_rate(rng: np.random.Generator) -> None:
    told = rng.standard_normal((1, N, 4))
    told[0, :, 0] += make_task().labels
    given = candidates(told)
    losses = [
        judge("train-loss", given, make_task(classifier_learning_rate=rate))[0]
        for rate in (1e-4, 1e-2)
    ]
    other = replace(make_task(), classifier=ClassifierConfig(hidden=(16, 8), learning_rate=0.5))
    assert losses[1] < losses[0] - 0.1
    assert judge("train-loss", given, other)[0] == losses[1]
