"""Every variant of the pipeline on every null data set and seed."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from itertools import chain, product
from pathlib import Path

import numpy as np

from topojax.cam import CamStack
from topojax.config import Config
from topojax.data import NULLS, Dataset, fewer_training_images, validate_dataset
from topojax.defects import fit_method_on_maps, maps_of_split, scored_rows
from topojax.evaluation import auc_score
from topojax.executors import Held, spread
from topojax.experiments.leaktest.trial import LEAK_TEST, Trial, TrialFolder
from topojax.pipeline import (
    FitPlan,
    Grounds,
    MapsOf,
    Networks,
    Reading,
    fit_networks,
    maps_by_reader,
    plan_fit,
    training_maps,
)


def leak_trials(
    dataset: Dataset,
    variants: dict[str, Config],
    *,
    seeds: Sequence[int],
    nulls: Sequence[str] = tuple(NULLS),
    n_train: int | None = None,
    folder: Path | None = None,
    progress: bool = False,
    on_trial: Callable[[Trial], None] | None = None,
    executor: Executor | None = None,
    source: Callable[[], Dataset] | None = None,
) -> list[Trial]:
    """Run every variant on every null data set and seed.

    Variants share a seed's network, whose settings must be equal; each network's maps are computed
    once for every CAM target.

    Args:
        dataset: what is shuffled or replaced by noise.
        variants: name to configuration.
        seeds: each draws another null data set, network, search and classifier.
        nulls: of `NULLS`.
        n_train: at most so many training images; None: all.
        folder: where each trial is kept, so that a killed test goes on from there; or None.
        progress: show progress bars on a terminal.
        on_trial: called with every trial, old ones first, new ones as they come.
        executor: what null data sets and seeds are spread over; None: they are tried here, one
            after the other.
        source: reads `dataset` where a trial is made elsewhere; a function that other processes can
            import, or a partial of one. None: the data set is sent along with every trial.

    Raises:
        ConfigError, DataError, WeightsError: before any training.
        RunError: `folder` is a file, holds trials of other settings or data, or another process
            works there.
        ItemsLostError: trials whose worker died at every try, when the others are made.
    """
    if folder is not None:
        LEAK_TEST.check(folder)
    validate_dataset(dataset)
    plans = {
        name: plan_fit(
            config, dataset.train, dataset.class_names, dataset.spatial_dims, progress=progress
        )
        for name, config in variants.items()
    }
    settled = {name: plan.config for name, plan in plans.items()}
    with ExitStack() as held:
        kept = None
        if folder is not None:
            kept = held.enter_context(TrialFolder.open(folder, dataset, settled, n_train))
        pairs = list(product(nulls, seeds))
        read = {pair: kept.read(*pair) if kept else None for pair in pairs}
        found = {pair: trials for pair, trials in read.items() if trials is not None}
        _tell(on_trial, found.values())
        left = [pair for pair in pairs if pair not in found]
        make = partial(_made, plans, n_train, lambda: dataset, kept)
        if executor is not None:
            read_there = Held.of(dataset, Dataset.fingerprint, source)
            make = _made_elsewhere(plans, n_train, read_there, kept)
        made = spread(
            executor, make, left, what="trials of", progress=progress and executor is not None
        )
        for place, trials in made:
            found[left[place]] = trials
            _tell(on_trial, [trials])
    return [trial for pair in pairs for trial in found[pair]]


def _tell(on_trial: Callable[[Trial], None] | None, trials: Iterable[list[Trial]]) -> None:
    if on_trial is not None:
        for trial in chain.from_iterable(trials):
            on_trial(trial)


def _made_elsewhere(
    plans: dict[str, FitPlan],
    n_train: int | None,
    read: Callable[[], Dataset],
    kept: TrialFolder | None,
) -> partial[list[Trial]]:
    quiet = {name: replace(plan, progress=False) for name, plan in plans.items()}
    return partial(_made, quiet, n_train, read, kept and TrialFolder(kept.path.absolute()))


def _made(
    plans: dict[str, FitPlan],
    n_train: int | None,
    read: Callable[[], Dataset],
    kept: TrialFolder | None,
    pair: tuple[str, int],
) -> list[Trial]:
    # A worker that died may have written them before.
    known = kept.read(*pair) if kept else None
    if known is None:
        known = list(_trials(read(), plans, *pair, n_train))
        if kept:
            kept.write(*pair, known)
    return known


def _trials(
    dataset: Dataset, plans: dict[str, FitPlan], null: str, seed: int, n_train: int | None
) -> Iterator[Trial]:
    rng = np.random.default_rng((seed, zlib.crc32(null.encode())))
    data = fewer_training_images(dataset, n_train or len(dataset.train.labels), rng)
    data = NULLS[null](data, rng)
    plans = {name: plan.with_seed(seed) for name, plan in plans.items()}
    networks = fit_networks(next(iter(plans.values())), data.train, data.val)
    known: dict[MapsOf, tuple[Grounds, tuple[CamStack, ...]]] = {}
    for variant, plan in plans.items():
        maps_of = maps_of_split(plan.config)
        if maps_of not in known:
            known[maps_of] = _maps(plan, networks, data, maps_of)
        yield _trial(variant, null, plan, data, *known[maps_of])


def _maps(
    plan: FitPlan, networks: Networks, data: Dataset, maps_of: MapsOf
) -> tuple[Grounds, tuple[CamStack, ...]]:
    """Return what a method is fitted on, and the maps of the test split."""
    readers = networks.readers
    train_cams = training_maps(plan, networks, data.train, maps_of)
    val_cams, test_cams = (
        maps_by_reader(plan, readers, data.split(name), name, maps_of) for name in ("val", "test")
    )
    return Grounds(readers, data.train, data.val, train_cams, val_cams), test_cams


def _trial(
    variant: str,
    null: str,
    plan: FitPlan,
    data: Dataset,
    grounds: Grounds,
    test_cams: tuple[CamStack, ...],
) -> Trial:
    fit = fit_method_on_maps(plan, grounds)
    seen = fit.fitted.observe(fit.fitted.filtered(data.test.images), test_cams)
    reading = fit.fitted.judge(seen)
    rows = scored_rows(plan.config, reading.empty)
    auc = _aucs(reading.rows(rows), data.test.labels[rows])
    scored = {
        "val": data.val.labels[scored_rows(plan.config, fit.val.empty)],
        "test": data.test.labels[rows],
    }
    counts = {
        name: np.bincount(labels, minlength=plan.n_classes).tolist()
        for name, labels in scored.items()
    }
    dropped = int((~rows).sum())
    return Trial(variant, null, plan.config.seed, auc, fit.search_score, dropped, counts)


def _aucs(reading: Reading, labels: np.ndarray) -> dict[str, float]:
    n_classes = reading.probabilities.shape[1]
    if np.bincount(labels, minlength=n_classes).min() == 0:
        return {}
    found = reading.by_method | {"topocam": reading.probabilities}
    return {name: auc_score(labels, probabilities) for name, probabilities in found.items()}
