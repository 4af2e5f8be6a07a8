"""One fit for every number of training images and seed, each scored on the same test images."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np

from topojax.config import Config
from topojax.data import Dataset, Split, validate_dataset
from topojax.defects import shows_defects
from topojax.errors import ConfigError
from topojax.evaluation import auc_score, decide
from topojax.executors import Held, spread
from topojax.experiments.learning_curve.folder import LEARNING_CURVE, CurveFolder
from topojax.experiments.learning_curve.points import curve_points
from topojax.experiments.learning_curve.sizes import fewer_images, plan_size, training_sizes
from topojax.pipeline import FitPlan, Reading, fit_topocam
from topojax.pipeline.networks import n_networks
from topojax.report import build_learning_curve_report
from topojax.runs import CurveTrial, LearningCurve

_LOGGER = logging.getLogger(__name__)
_MOST_SEEDS = 2**32


def learning_curve(
    dataset: Dataset,
    config: Config,
    sizes: Sequence[int | str],
    *,
    n_seeds: int,
    folder: Path,
    progress: bool = False,
    on_trial: Callable[[CurveTrial], None] | None = None,
    executor: Executor | None = None,
    source: Callable[[], Dataset] | None = None,
) -> LearningCurve:
    """Fit on every number of training images with every seed, score, and write the report.

    Nothing is chosen by the test split, and the validation split is the same for all.

    Args:
        dataset: its training split is what images are left out of.
        config: of all fits; its seed is the first of the seeds, which follow one another.
        sizes: numbers of training images; `all` is the whole split.
        n_seeds: two or more.
        folder: where each trial is kept, so that a killed curve goes on, and the report.
        progress: show progress bars on a terminal.
        on_trial: called with every trial, old ones first, new ones as they come.
        executor: what fits are spread over; None: they are made here, one after the other.
        source: reads `dataset` where a fit is made elsewhere; a function that other processes can
            import, or a partial of one. None: the data set is sent along with every fit.

    Raises:
        ConfigError, DataError, WeightsError: before any training.
        RunError: `folder` is a file, holds trials of other settings or data, or another process
            works there.
        ItemsLostError: a fit whose worker died at every try, when the others are made.
    """
    LEARNING_CURVE.check(folder)
    seeds = _seeds(config, n_seeds)
    validate_dataset(dataset)
    numbers = training_sizes(sizes, len(dataset.train.labels))
    plans = {n: plan_size(dataset, config, n, seeds, progress=progress) for n in numbers}
    settled = plans[numbers[0]].config
    with CurveFolder.open(folder, dataset, settled, numbers, seeds) as kept:
        known = {(n, seed): kept.read(n, seed) for seed, n in product(seeds, numbers)}
        _LOGGER.info("%s", _cost(settled, numbers, seeds, sum(map(bool, known.values()))))
        found = {pair: trial for pair, trial in known.items() if trial is not None}
        # A seed's whole curve before the next one's: what a killed curve leaves can be read.
        left = [pair for pair, trial in known.items() if trial is None]
        if on_trial is not None:
            for trial in found.values():
                on_trial(trial)
        make = partial(_made, plans, lambda: dataset, kept)
        if executor is not None:
            make = _made_elsewhere(plans, Held.of(dataset, Dataset.fingerprint, source), kept)
        made = spread(executor, make, left, what="fit", progress=progress and executor is not None)
        for place, trial in made:
            found[left[place]] = trial
            if on_trial is not None:
                on_trial(trial)
        trials = [found[pair] for pair in known]
        curve = kept.finish(trials, curve_points(trials, config.evaluation.level))
        build_learning_curve_report(folder)
    return curve


def _seeds(config: Config, n_seeds: int) -> tuple[int, ...]:
    """Return the seeds, or raise what would make scores that mean nothing or no interval."""
    if shows_defects(config):
        raise ConfigError(
            "cam.target=label, search.searches above 1 and topology.empty_roi=drop show defects, "
            "and their scores mean nothing of the method; leave them out of a learning curve"
        )
    if not 2 <= n_seeds <= _MOST_SEEDS - config.seed:
        raise ConfigError(
            f"{n_seeds} seeds from {config.seed} on; expected two or more, since the spread of "
            f"one is unknown, and all below {_MOST_SEEDS}"
        )
    return tuple(range(config.seed, config.seed + n_seeds))


def _cost(config: Config, sizes: Sequence[int], seeds: Sequence[int], n_kept: int) -> str:
    """Return what is about to be fitted, for people."""
    n_fits, each = len(sizes) * len(seeds), n_networks(config.cam)
    left = n_fits - n_kept
    kept = f"; {n_kept} fits are there already" if n_kept else ""
    return (
        f"learning curve: {n_fits} fits ({len(seeds)} seeds on {', '.join(map(str, sizes))} "
        f"training images), of which {left} are to come, {left * each} networks of "
        f"{config.backbone.epochs} epochs{kept}"
    )


def _made_elsewhere(
    plans: Mapping[int, FitPlan], read: Callable[[], Dataset], kept: CurveFolder
) -> partial[CurveTrial]:
    quiet = {n: replace(plan, progress=False) for n, plan in plans.items()}
    return partial(_made, quiet, read, replace(kept, path=kept.path.absolute()))


def _made(
    plans: Mapping[int, FitPlan],
    read: Callable[[], Dataset],
    kept: CurveFolder,
    pair: tuple[int, int],
) -> CurveTrial:
    n, seed = pair
    # A worker that died may have written it before.
    return kept.read(n, seed) or kept.write(_trial(plans[n], read(), n, seed))


def _trial(plan: FitPlan, dataset: Dataset, n: int, seed: int) -> CurveTrial:
    start = time.perf_counter()
    data = fewer_images(dataset, n, seed)
    reading = _read(plan.with_seed(seed), data.train, data.val, data.test.images)
    found = reading.by_method | {"topocam": reading.probabilities}
    labels = data.test.labels
    return CurveTrial(
        n=n,
        seed=seed,
        auc={name: auc_score(labels, rows) for name, rows in found.items()},
        accuracy={name: float((decide(rows) == labels).mean()) for name, rows in found.items()},
        seconds=round(time.perf_counter() - start, 3),
    )


def _read(plan: FitPlan, train: Split, val: Split, test_images: np.ndarray) -> Reading:
    """Fit, then read the test images; their labels are no argument."""
    return fit_topocam(plan, train, val).fitted.read(test_images, progress=plan.progress)
