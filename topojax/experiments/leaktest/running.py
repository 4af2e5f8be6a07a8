"""Every variant of the pipeline on every null data set and seed."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from itertools import product
from pathlib import Path

import numpy as np

from topojax.cam import CamStack
from topojax.config import Config
from topojax.data import NULLS, SPLITS, Dataset, fewer_training_images, validate_dataset
from topojax.defects import MapsOf, fit_method_on_maps, maps_of_split, scored_rows
from topojax.evaluation import auc_score
from topojax.experiments.leaktest.trial import Trial, TrialFolder, check_trial_folder
from topojax.pipeline import FitPlan, Grounds, Reading, fit_network, plan_fit


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
        on_trial: called with every trial, old or new.

    Raises:
        ConfigError, DataError, WeightsError: before any training.
        RunError: `folder` is a file, holds trials of other settings or data, or another process
            works there.
    """
    if folder is not None:
        check_trial_folder(folder)
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
        trials = []
        for null, seed in product(nulls, seeds):
            known = kept.read(null, seed) if kept else None
            if known is None:
                known = list(_trials(dataset, plans, null, seed, n_train))
                if kept:
                    kept.write(null, seed, known)
            for trial in known:
                trials.append(trial)
                if on_trial is not None:
                    on_trial(trial)
    return trials


def _trials(
    dataset: Dataset, plans: dict[str, FitPlan], null: str, seed: int, n_train: int | None
) -> Iterator[Trial]:
    rng = np.random.default_rng((seed, zlib.crc32(null.encode())))
    data = fewer_training_images(dataset, n_train or len(dataset.train.labels), rng)
    data = NULLS[null](data, rng)
    plans = {name: plan.with_seed(seed) for name, plan in plans.items()}
    network = fit_network(next(iter(plans.values())), data.train, data.val)
    cams: dict[MapsOf, dict[str, CamStack]] = {}
    for variant, plan in plans.items():
        maps_of = maps_of_split(plan.config)
        if maps_of not in cams:
            cams[maps_of] = {
                name: maps_of(plan, network, data.split(name), name) for name in SPLITS
            }
        maps = cams[maps_of]
        grounds = Grounds(network, data.train, data.val, maps["train"], maps["val"])
        yield _trial(variant, null, plan, data, grounds, maps["test"])


def _trial(
    variant: str, null: str, plan: FitPlan, data: Dataset, grounds: Grounds, test_cams: CamStack
) -> Trial:
    fit = fit_method_on_maps(plan, grounds)
    seen = fit.fitted.observe(data.test.images, test_cams)
    rows = scored_rows(plan.config, seen.empty)
    auc = _aucs(fit.fitted.judge(seen.rows(rows)), data.test.labels[rows])
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
