"""May a candidate's classifier train for fewer epochs or folds than the final one?

Fine-tunes a network briefly, takes its maps of the training images, and draws ROI rules at random.
Each rule is judged by the objective `cv-auc` as dearly as the final classifier is trained (100
epochs, batches of 32, 5 folds; mean over seeds), and by cheaper ones under seeds of their own. What
counts is whether the cheap fitness ranks the rules alike: Spearman's and Kendall's correlation, and
the regret, the AUC that is lost by choosing the rule that the cheap one likes best. The dear
fitness of one seed against that of the others is the ceiling: what no fitness of one seed reaches.

    python benchmarks/search_fidelity.py breastmnist.npz [--epochs 5]
    python benchmarks/search_fidelity.py adrenalmnist3d.npz --limit 240 --epochs 2

Writes `search_fidelity.json` and `.md`; what is in there of other images stays.
"""

from __future__ import annotations

import argparse
import itertools
import json
import platform
import time
from collections.abc import Sequence
from dataclasses import asdict, astuple, dataclass, fields
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import kendalltau, spearmanr

from topojax.cam import compute_cams
from topojax.config import (
    BackboneConfig,
    ClassifierConfig,
    SearchConfig,
    TopologyConfig,
)
from topojax.data import Dataset, fewer_training_images, read_medmnist
from topojax.search import decode_rules, n_genes
from topojax.search.objectives import Candidates, Task, cv_auc
from topojax.topology import describe_candidates, grey_images, learn_grid
from topojax.training import Normalisation, fine_tune

QUESTION = str(__doc__).split("\n\n")[0]
RESULTS = Path(__file__).parent / "results"
NETWORKS = {2: "resnet18", 3: "r3d_18"}
LIBRARIES = ("topojax", "jax", "numpy", "scikit-learn")


@dataclass(frozen=True)
class Effort:
    """How a candidate's classifier is trained; `batch_size` None: all rows in one."""

    folds: int
    epochs: int
    batch_size: int | None
    learning_rate: float = 1e-3


DEAR = Effort(5, 100, 32)


@dataclass(frozen=True)
class Plan:
    """How much is tried."""

    rules: int
    dear: Effort
    dear_seeds: tuple[int, ...]
    cheap_seeds: tuple[int, ...]
    efforts: tuple[Effort, ...]


EFFORTS = (
    *(Effort(*choice) for choice in itertools.product((2, 3), (5, 10, 15, 30), (128, 256))),
    Effort(3, 30, None),
    Effort(5, 30, 256),
    *(
        Effort(*choice)
        for choice in itertools.product((2, 3), (5, 10, 15), (128, 256), (3e-3, 1e-2))
    ),
)
FULL = Plan(60, DEAR, (0, 1, 2), (10, 11), EFFORTS)
QUICK = Plan(4, Effort(2, 4, 8), (0, 1), (10, 11), (Effort(2, 2, 8), Effort(2, 2, None, 1e-2)))


@dataclass(frozen=True)
class Judged:
    """Fitness by seed, float64 (seeds, P), and the least seconds of a generation."""

    fitness: np.ndarray
    wall: float
    cpu: float


def candidates(dataset: Dataset, plan: Plan, epochs: int) -> Candidates:
    """Return descriptors of random rules on the training images."""
    dims, name = dataset.spatial_dims, NETWORKS[dataset.spatial_dims]
    train, val = dataset.train, dataset.val
    normalisation = Normalisation.fit(train.images, dims)
    inputs = normalisation(train.images, dims)
    backbone = fine_tune(
        BackboneConfig(epochs=epochs),
        name,
        (inputs, train.labels),
        (normalisation(val.images, dims), val.labels),
        dataset.n_classes,
        seed=0,
    )
    maps = compute_cams(backbone.model(), inputs).maps
    search, topology = SearchConfig(), TopologyConfig()
    genes = np.random.default_rng(0).random((plan.rules, n_genes(maps.shape[1], search)))
    weights, taus = decode_rules(genes, maps.shape[1], search)
    grey = grey_images(train.images, dims)
    descriptors, empty = describe_candidates(
        grey,
        maps,
        weights,
        taus,
        learn_grid(grey, topology),
        topology,
    )
    return Candidates(descriptors.matrix(), np.ones_like(empty))


def kept_candidates(file: Path | None, dataset: Dataset, plan: Plan, epochs: int) -> Candidates:
    """Return `candidates`, from the file if there is one; else make them, and the file if named."""
    if file is not None and file.exists():
        with np.load(file) as arrays:
            return Candidates(arrays["features"], arrays["kept"])
    made = candidates(dataset, plan, epochs)
    if file is not None:
        np.savez(file, features=made.features, kept=made.kept)
    return made


def judge(given: Candidates, dataset: Dataset, effort: Effort, seeds: Sequence[int]) -> Judged:
    """Return the fitness under every seed, at least two: the first of them compiles."""
    labels = dataset.train.labels
    search = SearchConfig(
        folds=effort.folds,
        classifier_epochs=effort.epochs,
        classifier_batch_size=effort.batch_size or len(labels),
        classifier_learning_rate=effort.learning_rate,
    )
    classifier = ClassifierConfig()
    fitness, wall, cpu = [], [], []
    for seed in seeds:
        task = Task(labels, len(labels), dataset.n_classes, search, classifier, seed)
        start, used = time.perf_counter(), time.process_time()
        fitness.append(cv_auc(given, task))
        wall.append(time.perf_counter() - start)
        cpu.append(time.process_time() - used)
    return Judged(np.stack(fitness), min(wall), min(cpu))


def agreement(cheap: np.ndarray, dear: np.ndarray) -> dict[str, float]:
    """Return how alike two fitnesses (P,) rank, and the regret in the second's AUC."""
    return {
        "spearman": float(spearmanr(cheap, dear).statistic),
        "kendall": float(kendalltau(cheap, dear).statistic),
        "regret": float(dear[cheap.argmin()] - dear.min()),
    }


def averaged(rows: Sequence[dict[str, float]]) -> dict[str, float]:
    """Return the mean of every entry."""
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}


def ceiling(dear: np.ndarray) -> dict[str, float]:
    """Return the agreement of every seed's fitness with the mean of the others."""
    return averaged(
        [
            agreement(one, np.delete(dear, seed, axis=0).mean(axis=0))
            for seed, one in enumerate(dear)
        ]
    )


def study(given: Candidates, dataset: Dataset, plan: Plan) -> dict[str, Any]:
    """Return what every effort costs and how well it ranks, on one data set."""
    dear = judge(given, dataset, plan.dear, plan.dear_seeds)
    wanted = dear.fitness.mean(axis=0)
    rows = []
    for effort in plan.efforts:
        found = judge(given, dataset, effort, plan.cheap_seeds)
        agreed = averaged([agreement(one, wanted) for one in found.fitness])
        rows.append({**asdict(effort), **agreed, "wall": found.wall, "cpu": found.cpu})
        print(json.dumps(rows[-1]), flush=True)
    n, n_features = given.features.shape[1:]
    return {
        "data": dataset.name,
        "date": datetime.now(UTC).date().isoformat(),
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in LIBRARIES},
        },
        "rules": plan.rules,
        "seeds": {"dear": plan.dear_seeds, "cheap": plan.cheap_seeds},
        "images": n,
        "features": n_features,
        "network": NETWORKS[dataset.spatial_dims],
        "auc": {
            "best": float(1 - wanted.min()),
            "median": float(1 - np.median(wanted)),
            "worst": float(1 - wanted.max()),
            "seed": float(dear.fitness.std(axis=0, ddof=1).mean()),
        },
        "dear": {
            **asdict(plan.dear),
            **ceiling(dear.fitness),
            "wall": dear.wall,
            "cpu": dear.cpu,
        },
        "rows": rows,
    }


def front(studies: Sequence[dict[str, Any]]) -> list[int]:
    """Return the efforts that none both costs less than and ranks better than, over all data."""
    spearman, cpu = (
        np.mean([[row[name] for row in one["rows"]] for one in studies], axis=0)
        for name in ("spearman", "cpu")
    )
    order = np.argsort(cpu)
    best = np.maximum.accumulate(spearman[order])
    first = np.r_[True, best[1:] > best[:-1]]
    return order[first].tolist()


def default_effort(rows: Sequence[dict[str, Any]]) -> list[int]:
    """Return which row is the search's default; none where it was not tried."""
    search = SearchConfig()
    default = Effort(
        search.folds,
        search.classifier_epochs,
        search.classifier_batch_size,
        search.classifier_learning_rate,
    )
    wanted = asdict(default).items()
    return [number for number, row in enumerate(rows) if wanted <= row.items()]


def table(studies: Sequence[dict[str, Any]]) -> str:
    """Return the studies, all of the same efforts, as a page."""
    lines = [
        f"# {QUESTION}",
        "",
        "Correlation with the dear fitness (mean over its seeds), and the AUC lost by choosing the "
        "rule that the cheap one likes best; means over seeds. Seconds of CPU that one generation "
        "takes, compiled, of all cores together. Listed: the dear fitness of one "
        "seed against the others (the ceiling), the efforts that no cheaper one ranks better "
        "than, both averaged over the data sets, and the search's default (*).",
    ]
    default = default_effort(studies[0]["rows"])
    chosen = list(dict.fromkeys([*front(studies), *default]))
    for one in studies:
        auc = one["auc"]
        versions = ", ".join(f"{name} {number}" for name, number in one["versions"].items())
        lines += [
            "",
            f"## {one['data']}: {one['images']} images, {one['features']} features, "
            f"{one['network']} after {one['network_epochs']} epochs",
            "",
            f"{one['date']}; {versions}. AUC of {one['rules']} random rules "
            f"{auc['worst']:.3f} to {auc['best']:.3f}, median {auc['median']:.3f}; its "
            f"standard deviation over seeds {auc['seed']:.4f}.",
            "",
            "| folds | epochs | batch | learning rate | Spearman | Kendall | regret | CPU s |",
            "|---|---|---|---|---|---|---|---|",
        ]
        lines += [_line(one["dear"])]
        lines += [_line(one["rows"][i], "* " if i in default else "") for i in chosen]
    return "\n".join(lines) + "\n"


def _line(row: dict[str, Any], mark: str = "") -> str:
    batch = row["batch_size"] or "all"
    return (
        f"| {mark}{row['folds']} | {row['epochs']} | {batch} | {row['learning_rate']:g} | "
        f"{row['spearman']:.3f} | {row['kendall']:.3f} | {row['regret']:.4f} | {row['cpu']:.2f} |"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Run, print and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path, help="a data file in MedMNIST's form")
    parser.add_argument("--epochs", type=int, default=5, help="of the network")
    parser.add_argument("--limit", type=int, help="at most so many training images; default: all")
    parser.add_argument("--candidates", type=Path, help="npz file that keeps their descriptors")
    parser.add_argument("--stop", action="store_true", help="do no more than make that file")
    parser.add_argument("--quick", action="store_true", help="a few efforts, to see that it runs")
    parser.add_argument("--output", type=Path, default=RESULTS, help="folder of the results")
    options = parser.parse_args(arguments)
    plan = QUICK if options.quick else FULL
    dataset = read_medmnist(options.data)
    if options.limit:
        dataset = fewer_training_images(dataset, options.limit, np.random.default_rng(0))
    given = kept_candidates(options.candidates, dataset, plan, options.epochs)
    if options.stop:
        return
    made = {"network_epochs": options.epochs, **study(given, dataset, plan)}
    options.output.mkdir(parents=True, exist_ok=True)
    file = options.output / f"search_fidelity{'_quick' if options.quick else ''}.json"
    others = [one for one in _known(file, plan) if _subject(one) != _subject(made)]
    studies = [*others, made]
    record = {"question": QUESTION, "studies": studies}
    file.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    file.with_suffix(".md").write_text(table(studies), encoding="utf-8")
    print(table(studies))


def _subject(one: dict[str, Any]) -> tuple[str, int]:
    return one["data"], one["images"]


def _known(file: Path, plan: Plan) -> list[dict[str, Any]]:
    """Return the studies in a file that tried the same efforts."""
    if not file.exists():
        return []
    studies = json.loads(file.read_text(encoding="utf-8"))["studies"]
    names = [field.name for field in fields(Effort)]
    tried = [[tuple(row[name] for name in names) for row in one["rows"]] for one in studies]
    wanted = [astuple(effort) for effort in plan.efforts]
    return [one for one, efforts in zip(studies, tried, strict=True) if efforts == wanted]


if __name__ == "__main__":
    main()
