"""Does anything of a label reach held-out scores? The whole pipeline on data without any signal.

Where labels are shuffled, or images are noise, every honest held-out AUC is 0.5 up to chance. A
pipeline that lets a label into a map, a mask or a choice shows itself here, however its code looks.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from topojax.cam import CamStack
from topojax.config import Config
from topojax.data import NULLS, SPLITS, Dataset, fewer_training_images, validate_dataset
from topojax.defects import MapsOf, fit_method_on_maps, maps_of_split, scored_rows
from topojax.errors import DataError, LeakError, RunError
from topojax.evaluation import (
    CHANCE,
    auc_score,
    chance_error,
    chance_interval,
    summarise_seeds,
)
from topojax.experiments.environment import describe_environment
from topojax.files import write_atomically
from topojax.pipeline import FitPlan, Grounds, Reading, fit_network, plan_fit
from topojax.search import find_objective


@dataclass(frozen=True)
class Trial:
    """One variant of the pipeline on one data set without signal.

    Attributes:
        variant: what is tested, for people.
        null: one of `NULLS`.
        auc: of the test split, by method; `topocam` is the method itself. Empty where dropping
            images with an empty ROI leaves a class without any.
        search_score: the best score of the search, as the search reports it; None where there was
            none, or where it is no AUC.
        dropped: test images that were left out of the scores.
        counts: split to samples of each class that its scores are of, `val` and `test`.
    """

    variant: str
    null: str
    seed: int
    auc: dict[str, float]
    search_score: float | None
    dropped: int
    counts: dict[str, list[int]]


@dataclass(frozen=True)
class Verdict:
    """What several seeds say of one variant.

    Attributes:
        score: `test AUC`, or the name of a score that the variant presents as held out.
        mean: over n seeds.
        low, high: ends of its interval, as wide as chance makes it (`chance_interval`).
        standard_error: of the mean, from the seeds' spread.
    """

    variant: str
    null: str
    score: str
    mean: float
    low: float
    high: float
    standard_error: float
    n: int

    @property
    def leaks(self) -> bool:
        """Tell whether the interval leaves chance out."""
        return not self.low <= CHANCE <= self.high


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
        RunError: `folder` holds trials of other settings or data.
    """
    validate_dataset(dataset)
    plans = {
        name: plan_fit(
            config, dataset.train, dataset.class_names, dataset.spatial_dims, progress=progress
        )
        for name, config in variants.items()
    }
    settled = {name: plan.config for name, plan in plans.items()}
    kept = _TrialFolder.open(folder, dataset, settled, n_train) if folder else None
    trials = []
    for null in nulls:
        for seed in seeds:
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


def leak_verdicts(
    trials: Sequence[Trial], variants: dict[str, Config], level: float
) -> list[Verdict]:
    """Return, for every variant and null, whether its test AUC leaves chance.

    The score of a search whose objective is scored on the validation images that it trained on,
    and presents that as their score (`val-resubstitution`), is judged too.

    Args:
        trials: of `leak_trials`; at least two seeds.
        variants: name to configuration.
        level: of the intervals; an honest variant's verdict is wrong with probability 1 - level.

    Raises:
        DataError: of a variant, fewer than two seeds left images of every class to score.
    """
    verdicts = []
    for null in dict.fromkeys(trial.null for trial in trials):
        for name, config in variants.items():
            those = [t for t in trials if t.null == null and t.variant == name]
            scores = {"test AUC": [(t.auc["topocam"], t.counts["test"]) for t in those if t.auc]}
            if len(scores["test AUC"]) < 2:
                raise DataError(
                    f"{name}: {len(scores['test AUC'])} of {len(those)} seeds on {null} have test "
                    "images of every class left, too few to judge by; give more seeds, or "
                    "topology.empty_roi='keep'"
                )
            if _presents_its_training_score(config):
                scores["validation AUC"] = [
                    (t.search_score, t.counts["val"])
                    for t in those
                    if t.search_score is not None and min(t.counts["val"]) > 0
                ]
            verdicts += [
                _verdict(name, null, score, found, level)
                for score, found in scores.items()
                if len(found) > 1
            ]
    return verdicts


def _presents_its_training_score(config: Config) -> bool:
    objective = find_objective(config.search.objective)
    return objective.is_resubstitution and objective.is_auc and "val" in objective.splits


def _verdict(
    variant: str, null: str, score: str, found: Sequence[tuple[float, list[int]]], level: float
) -> Verdict:
    aucs, errors = zip(*((auc, chance_error(counts)) for auc, counts in found), strict=True)
    interval = chance_interval(aucs, errors, level)
    return Verdict(
        variant, null, score, *interval, summarise_seeds(aucs).standard_error, len(found)
    )


def require_chance(verdicts: Sequence[Verdict]) -> None:
    """Raise LeakError naming the first score that leaves chance."""
    for verdict in verdicts:
        if verdict.leaks:
            v = verdict
            raise LeakError(
                f"{v.variant}: {v.score} on {v.null} is {v.mean:.3f} [{v.low:.3f}, {v.high:.3f}] "
                f"over {v.n} seeds, where an honest pipeline is at {CHANCE}: labels reach held-out "
                "images, and its scores mean nothing"
            )


@dataclass(frozen=True)
class _TrialFolder:
    path: Path

    @classmethod
    def open(
        cls, path: Path, dataset: Dataset, variants: dict[str, Config], n_train: int | None
    ) -> _TrialFolder:
        """Make the folder with its `leaktest.json`, or check that it is of the same test."""
        settings = {
            "variants": {name: config.model_dump(mode="json") for name, config in variants.items()},
            "n_train": n_train,
            "data": dataset.fingerprint(),
        }
        file = path / "leaktest.json"
        if file.exists():
            if json.loads(file.read_text("utf-8"))["settings"] != settings:
                raise RunError(
                    f"{path} holds a leak test of other settings or data; choose another --output"
                )
            return cls(path)
        if path.exists() and any(path.iterdir()):
            raise RunError(f"{path} exists and is no leak test; choose another --output")
        path.mkdir(parents=True, exist_ok=True)
        record = {"settings": settings, "environment": describe_environment(dataset, 0)}
        write_atomically(file, (json.dumps(record, indent=2) + "\n").encode())
        return cls(path)

    def _file(self, null: str, seed: int) -> Path:
        return self.path / f"trials_{null.replace(' ', '_')}_{seed}.json"

    def read(self, null: str, seed: int) -> list[Trial] | None:
        file = self._file(null, seed)
        if not file.exists():
            return None
        return [Trial(**trial) for trial in json.loads(file.read_text("utf-8"))]

    def write(self, null: str, seed: int, trials: list[Trial]) -> None:
        content = json.dumps([asdict(trial) for trial in trials], indent=2) + "\n"
        write_atomically(self._file(null, seed), content.encode())


def markdown_table(trials: Sequence[Trial], verdicts: Sequence[Verdict]) -> str:
    """Return the verdicts as a table, with what the ROI's size and the search alone say."""
    lines = [
        "| variant | data | score | mean over seeds | | standard error | ROI size alone | "
        "score of the search | dropped |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for verdict in verdicts:
        those = [t for t in trials if (t.variant, t.null) == (verdict.variant, verdict.null)]
        sizes = [t.auc["roi-size"] for t in those if t.auc]
        searched = [t.search_score for t in those if t.search_score is not None]
        lines.append(
            f"| {verdict.variant} | {verdict.null} | {verdict.score} | "
            f"{verdict.mean:.3f} [{verdict.low:.3f}, {verdict.high:.3f}] | "
            f"{'**leaks**' if verdict.leaks else 'at chance'} | {verdict.standard_error:.3f} | "
            f"{f'{np.mean(sizes):.3f}' if sizes else ''} | "
            f"{f'{np.mean(searched):.3f}' if searched else ''} | "
            f"{sum(t.dropped for t in those)} |"
        )
    return "\n".join(lines) + "\n"
