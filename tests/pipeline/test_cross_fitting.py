"""With folds, nothing that a training image shows comes from a network that has seen it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest

from topojax.cam import CamStack
from topojax.config import CamConfig, make_config
from topojax.data import Dataset
from topojax.defects import fit_method
from topojax.errors import ConfigError, DataError
from topojax.executors import Spreading
from topojax.experiments.disk import run_bytes
from topojax.pipeline import (
    Fit,
    FitPlan,
    Networks,
    fit_networks,
    load_fitted,
    plan_fit,
    save_fitted,
    training_maps,
)
from topojax.pipeline.grounds import _in_order
from topojax.pipeline.networks import cam_folds, fit_folds, training_plan
from topojax.pipeline.plan import n_networks


def _plan(discs: Dataset, tiny: dict[str, Any], **changes: Any) -> FitPlan:
    overrides = tiny | {"cam.folds": 2, "search.method": "uniform", "search.tau": 0.5}
    overrides |= {key.replace("__", "."): value for key, value in changes.items()}
    return plan_fit(make_config(overrides=overrides), discs.train, discs.class_names, 2)


@pytest.fixture(scope="module")
def plan(discs: Dataset, tiny: dict[str, Any]) -> FitPlan:
    return _plan(discs, tiny)


@pytest.fixture(scope="module")
def fit(plan: FitPlan, discs: Dataset) -> Fit:
    return fit_method(plan, discs.train, discs.val)


def _same(one: CamStack, other: CamStack, rows: np.ndarray) -> list[bool]:
    pairs = ((one.maps, other.maps), (one.logits, other.logits), (one.embeddings, other.embeddings))
    return [np.array_equal(a[rows], b[rows]) for a, b in pairs]


def test_labels_of_a_fold_do_not_reach_its_maps(plan: FitPlan, discs: Dataset) -> None:
    folds = cam_folds(discs.train.labels, 2, plan.config.seed)
    held, other = folds[0][1], folds[1][1]
    labels = discs.train.labels.copy()
    labels[held] = labels[held][::-1]
    assert not np.array_equal(labels, discs.train.labels)
    stacks = []
    for train in (discs.train, replace(discs.train, labels=labels)):
        held_out = fit_folds(plan, train, discs.val, folds)
        stacks.append(training_maps(plan, Networks((), held_out), train))
    assert _same(*stacks, held) == [True] * 3
    # The other fold's network has seen the permuted labels.
    assert _same(*stacks, other) == [False] * 3


def test_every_training_image_is_held_out_once(plan: FitPlan, discs: Dataset) -> None:
    folds = cam_folds(discs.train.labels, 2, plan.config.seed)
    for trained, held in folds:
        assert not set(trained) & set(held)
    assert sorted(np.concatenate([held for _, held in folds])) == [*range(len(discs.train.labels))]


def test_training_rows_are_those_of_the_network_that_has_not_seen_them(
    fit: Fit, plan: FitPlan, discs: Dataset
) -> None:
    folds = cam_folds(discs.train.labels, 2, plan.config.seed)
    for network, (_, held) in zip(fit.fitted.networks, folds, strict=True):
        alone = replace(fit.fitted, networks=(network,)).read(discs.train.images[held])
        np.testing.assert_array_equal(fit.train.voxels()[held], alone.voxels())
        np.testing.assert_allclose(
            fit.train.probabilities[held], alone.probabilities, rtol=1e-4, atol=1e-6
        )


def test_new_images_are_read_by_all_networks_and_probabilities_averaged(
    fit: Fit, discs: Dataset
) -> None:
    whole = fit.fitted.read(discs.test.images)
    parts = [
        replace(fit.fitted, networks=(network,)).read(discs.test.images)
        for network in fit.fitted.networks
    ]
    for method, found in whole.by_method.items():
        mean = np.mean([part.by_method[method] for part in parts], axis=0)
        np.testing.assert_allclose(found, mean, rtol=1e-5, atol=1e-7)
    assert not np.array_equal(parts[0].by_method["backbone"], parts[1].by_method["backbone"])
    np.testing.assert_allclose(whole.voxels(), np.mean([p.voxels() for p in parts], axis=0))
    shown = fit.fitted.explain(discs.test.images[:3])
    masks = [
        replace(fit.fitted, networks=(network,)).explain(discs.test.images[:3]).masks
        for network in fit.fitted.networks
    ]
    np.testing.assert_array_equal(shown.masks, np.logical_or(*masks))


def test_one_network_of_all_images_reads_new_ones(discs: Dataset, tiny: dict[str, Any]) -> None:
    networks = fit_networks(_plan(discs, tiny, cam__unseen="one"), discs.train, discs.val)
    alone = fit_networks(_plan(discs, tiny, cam__folds=1), discs.train, discs.val)
    assert (len(networks.readers), len(networks.held_out)) == (1, 2)
    assert (len(alone.readers), len(alone.held_out)) == (1, 0)
    config = CamConfig(layers=("layer4",))
    both = [which.readers[0].cams(discs.val.images, config).logits for which in (networks, alone)]
    np.testing.assert_array_equal(*both)


def test_networks_come_back_from_disk(fit: Fit, discs: Dataset, tmp_path: Path) -> None:
    save_fitted(fit.fitted, tmp_path / "model")
    loaded = load_fitted(tmp_path / "model")
    assert len(loaded.networks) == 2
    np.testing.assert_array_equal(
        loaded.read(discs.test.images).probabilities,
        fit.fitted.read(discs.test.images).probabilities,
    )


def test_a_killed_fit_goes_on_to_the_same_networks(
    fit: Fit, plan: FitPlan, discs: Dataset, tmp_path: Path
) -> None:
    class KilledError(Exception):
        pass

    def die(event: str, **fields: Any) -> None:
        if event == "epoch" and fields["network"] == 1:
            raise KilledError

    with pytest.raises(KilledError):
        fit_networks(plan.kept_in(tmp_path, die), discs.train, discs.val)
    epochs: list[tuple[int, int]] = []

    def note(event: str, **fields: Any) -> None:
        if event == "epoch":
            epochs.append((fields["network"], fields["epoch"]))

    resumed = fit_networks(plan.kept_in(tmp_path, note), discs.train, discs.val)
    assert epochs == [(1, 1)]
    config = CamConfig(layers=("layer4",))
    for one, other in zip(resumed.readers, fit.fitted.networks, strict=True):
        found = [network.cams(discs.val.images, config).logits for network in (one, other)]
        np.testing.assert_array_equal(*found)


@pytest.mark.slow
def test_other_processes_train_the_same_networks_from_where_a_killed_one_was(
    fit: Fit, plan: FitPlan, discs: Dataset, tmp_path: Path
) -> None:
    class KilledError(Exception):
        pass

    def die(event: str, **fields: Any) -> None:
        raise KilledError

    with pytest.raises(KilledError):
        fit_networks(plan.kept_in(tmp_path, die), discs.train, discs.val)
    epochs: list[tuple[int, int]] = []

    def note(event: str, **fields: Any) -> None:
        epochs.append((fields["network"], fields["epoch"]))

    kept = plan.kept_in(tmp_path, note)
    found = fit_networks(kept.spread_over(Spreading(workers=2)), discs.train, discs.val)
    # Network by network, and not again what the killed one had logged.
    assert epochs in ([(0, 1), (1, 0), (1, 1)], [(1, 0), (1, 1), (0, 1)])
    assert sorted(path.name for path in (tmp_path / "backbone").iterdir()) == ["fold_0", "fold_1"]
    for one, other in zip(found.readers, fit.fitted.networks, strict=True):
        assert one.backbone.history == other.backbone.history
        leaves = [
            jax.tree.leaves((network.backbone.params, network.backbone.stats))
            for network in (one, other)
        ]
        assert all(map(np.array_equal, *leaves))
        assert one.normalisation == other.normalisation
    # Whoever asked was killed before it had logged the last epoch that another process ended.
    (tmp_path / "backbone" / "fold_1" / "epochs_in_log").write_text("1")
    epochs.clear()
    for _ in range(2):
        fit_networks(kept, discs.train, discs.val)
        assert epochs == [(1, 1)]


def test_one_network_is_not_spread(discs: Dataset, tiny: dict[str, Any]) -> None:
    alone = _plan(discs, tiny, cam__folds=1)
    with pytest.raises(ConfigError, match=r"--workers=2 .* cam\.folds=1 has one network"):
        alone.spread_over(Spreading(workers=2))
    assert alone.spread_over(Spreading()) == alone


@pytest.mark.parametrize("memory_mb", [0, 1])
def test_rows_of_folds_are_put_in_the_images_order(tmp_path: Path, memory_mb: int) -> None:
    rng = np.random.default_rng(0)
    maps = rng.integers(0, 256, (9, 2, 4, 5), np.uint8)
    logits, embeddings = rng.random((9, 2), np.float32), rng.random((9, 3), np.float32)
    order = rng.permutation(9)
    parts = [
        CamStack(maps[index], logits[index], embeddings[index], ("a", "b"))
        for index in (order[:4], order[4:6], order[6:])
    ]
    for _ in range(2):  # the second time from what the first has left
        found = _in_order(parts, order, tmp_path, memory_mb)
        for got, wanted in ((found.maps, maps), (found.logits, logits)):
            np.testing.assert_array_equal(got, wanted)
        np.testing.assert_array_equal(found.embeddings, embeddings)


def test_the_cost_is_said_before(discs: Dataset, tiny: dict[str, Any]) -> None:
    plan = _plan(discs, tiny, cam__folds=3, cam__unseen="one")
    assert n_networks(plan.config.cam) == 4
    assert training_plan(plan, 32) == (
        "3 networks of 2 epochs, each on 2 of 3 folds of 32 images, and one on all 32"
    )
    spread = plan.spread_over(Spreading(workers=2))
    assert training_plan(spread, 32).endswith(", and one on all 32; side by side")
    # The states that are written at the same time, and the images.
    shared = discs.train.images.nbytes + discs.val.images.nbytes
    assert run_bytes(spread, discs) > run_bytes(plan, discs) + shared
    alone = _plan(discs, tiny, cam__folds=1)
    assert run_bytes(plan, discs) > 2 * run_bytes(alone, discs)


def test_what_cannot_go_together_is_refused(discs: Dataset, tiny: dict[str, Any]) -> None:
    for name, value in {"cam.target": "label", "topology.empty_roi": "drop"}.items():
        with pytest.raises(ConfigError, match="exclude each other"):
            make_config(overrides={"cam.folds": 2, name: value})
    with pytest.raises(DataError, match=r"fewer than cam\.folds=99"):
        _plan(discs, tiny, cam__folds=99)
