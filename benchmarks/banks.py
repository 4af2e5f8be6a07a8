"""What do banks of filtrations know of whole images, without any network?

Betti curves of whole images on grids learnt on the training split, of even steps and of quantiles,
classified by models that `classifier.model=auto` chooses inside the training split (`--model`: by
that one, with its own settings). The bank and
grid that are named at the end have the best AUC on the validation split; the test split is scored
once for each row, and chooses nothing. Volumes of sublevel sets of the same bank, which know
nothing of topology, stand beside, alone and together with the curves (`topology.volumes`).

    python benchmarks/banks.py DATA [--size N] [--thresholds 32] [--construction T|V]
        [--model MODEL] [--seeds K] [--output DIR] [--name NAME]

Writes `banks_NAME.json` and `.md`. A seed draws the classifiers' folds and trees alone.
"""

from __future__ import annotations

import argparse
import itertools
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from topojax.config import TopologyConfig, make_config
from topojax.data import SPLITS, Dataset, read_medmnist
from topojax.evaluation import Scores, auc_score, score
from topojax.experiments.bench.machine import processor, processors
from topojax.experiments.bench.records import write_record
from topojax.topology import (
    BankDescriptors,
    describe_bank,
    expand_filtrations,
    filter_images,
    grey_images,
    learn_filtered_images,
)
from topojax.training import classifier_probabilities, fit_classifier

RESULTS = Path(__file__).parent / "results"
GRIDS = ("fixed", "quantile")
BANKS: dict[str, dict[int, tuple[str, ...]]] = {
    "intensity": {2: ("intensity",), 3: ("intensity",)},
    "Laplacians": {
        dims: tuple(f"{sign}log:{s}" for s in (1, 2, 3) for sign in ("", "-")) for dims in (2, 3)
    },
    "scale-space": {2: ("scale-space",), 3: ("scale-space",)},
    "scale-space and shape": {2: ("scale-space", "shape"), 3: ("scale-space", "shape")},
}


def describe_splits(
    dataset: Dataset, config: TopologyConfig
) -> tuple[dict[str, BankDescriptors], float]:
    """Return by split the descriptors of whole images, and the seconds that they took."""
    start = time.perf_counter()
    dims = dataset.spatial_dims
    train = learn_filtered_images(grey_images(dataset.train.images, dims), config)
    found = {}
    for name in SPLITS:
        grey = grey_images(dataset.split(name).images, dims)
        images = train if name == "train" else filter_images(grey, train.grids, config)
        found[name] = describe_bank(images, np.ones(grey.shape, bool), config)
    return found, time.perf_counter() - start


def classified(
    dataset: Dataset, matrices: dict[str, np.ndarray], seed: int, model: str
) -> tuple[float, Scores, dict[str, Any]]:
    """Return the validation AUC, the test scores, and what was chosen inside the training split."""
    config = make_config(overrides={"classifier.model": model}).classifier
    labels = dataset.train.labels
    classifier = fit_classifier(seed, matrices["train"], labels, dataset.n_classes, config)
    val = classifier_probabilities(classifier, matrices["val"])
    test = classifier_probabilities(classifier, matrices["test"])
    scores = score(dataset.test.labels, test, rng=np.random.default_rng(seed))
    chosen = {"model": classifier.choice.model, **classifier.choice.settings}
    return auc_score(dataset.val.labels, val), scores, chosen


def measure(options: argparse.Namespace, dataset: Dataset) -> list[dict[str, Any]]:
    """Return a row for every bank and grid, of its curves, its volumes, and both."""
    seeds, common = (
        range(options.seeds),
        {
            "n_thresholds": options.thresholds,
            "construction": options.construction,
        },
    )
    rows = []
    for (name, by_dims), grid in itertools.product(BANKS.items(), GRIDS):
        names = expand_filtrations(by_dims[dataset.spatial_dims], dataset.spatial_dims)
        settings = {"filtrations": names, "grid": grid, **common}
        config = make_config(overrides={f"topology.{key}": v for key, v in settings.items()})
        found, seconds = describe_splits(dataset, config.topology)
        kinds = {
            "Betti curves": {split: one.matrix() for split, one in found.items()},
            "volumes": {split: one.volume_matrix() for split, one in found.items()},
            "curves and volumes": {
                split: replace(one, has_volumes=True).matrix() for split, one in found.items()
            },
        }
        for kind, matrices in kinds.items():
            by_seed = [classified(dataset, matrices, seed, options.model) for seed in seeds]
            rows.append(
                {
                    "bank": name,
                    "filtrations": list(names),
                    "grid": grid,
                    "kind": kind,
                    "n_features": matrices["train"].shape[1],
                    "seconds": seconds,
                    "val_auc": [val for val, _, _ in by_seed],
                    "test": [
                        {key: asdict(scores.metrics[key]) for key in ("auc", "accuracy")}
                        for _, scores, _ in by_seed
                    ],
                    "chosen": [chosen for _, _, chosen in by_seed],
                }
            )
            print(markdown_row(rows[-1]), flush=True)
    return rows


HEAD = (
    "| bank | grid | of it | features | descriptors, s | validation AUC | test AUC [95 %] "
    "| accuracy | model |\n|---|---|---|---:|---:|---:|---|---:|---|"
)


def markdown_row(row: dict[str, Any]) -> str:
    """Return means over seeds; the interval is the first seed's, over test images."""
    auc, accuracy = (
        float(np.mean([one[key]["value"] for one in row["test"]])) for key in ("auc", "accuracy")
    )
    first = row["test"][0]["auc"]
    models = ", ".join(sorted({chosen["model"] for chosen in row["chosen"]}))
    return (
        f"| {row['bank']} ({len(row['filtrations'])}) | {row['grid']} | {row['kind']} "
        f"| {row['n_features']} | {row['seconds']:.1f} | {np.mean(row['val_auc']):.3f} "
        f"| {auc:.3f} [{first['low']:.3f}, {first['high']:.3f}] | {accuracy:.3f} | {models} |"
    )


def chosen_row(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the row of Betti curves that the validation split prefers."""
    curves = [row for row in rows if row["kind"] == "Betti curves"]
    return max(curves, key=lambda row: float(np.mean(row["val_auc"])))


def markdown(record: dict[str, Any]) -> str:
    """Return the record as a page."""
    best = chosen_row(record["rows"])
    return "\n".join(
        [
            f"# {record['question']}",
            "",
            f"{record['data']}, {record['shape']}; {record['date']}; {record['processor']}, "
            f"{record['processors']} processors; {record['n_thresholds']} thresholds, "
            f"construction {record['construction']}; means of {record['seeds']} seeds of the "
            f"classifiers; `{record['command']}`.",
            "",
            HEAD,
            *(markdown_row(row) for row in record["rows"]),
            "",
            f"Of the Betti curves, the validation split prefers **{best['bank']}** on the "
            f"{best['grid']} grid. All rows but that one are shown for comparison; the test split "
            "has chosen nothing.",
            "",
        ]
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", help="MedMNIST npz file")
    parser.add_argument("--size", type=int)
    parser.add_argument("--thresholds", type=int, default=32)
    parser.add_argument("--construction", choices=("T", "V"), default="T")
    parser.add_argument("--model", default="auto", help="of the classifier")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--output", type=Path, default=RESULTS)
    parser.add_argument("--name", help="of the results' files; the data's name if not given")
    options = parser.parse_args(arguments)
    dataset = read_medmnist(options.data, size=options.size)
    print(HEAD, flush=True)
    rows = measure(options, dataset)
    usual = parser.parse_args([options.data])
    names = ("size", "construction", "model")
    given = [name for name in names if getattr(options, name) != getattr(usual, name)]
    asked = "".join(f" --{name} {getattr(options, name)}" for name in given)
    record = {
        "question": str(__doc__).splitlines()[0],
        "date": datetime.now(UTC).date().isoformat(),
        "processor": processor(),
        "processors": processors(),
        "versions": {
            name: version(name) for name in ("topojax", "numpy", "scipy", "scikit-learn", "numba")
        },
        "data": dataset.name,
        "shape": " x ".join(map(str, dataset.shape)),
        "n_thresholds": options.thresholds,
        "construction": options.construction,
        "seeds": options.seeds,
        "command": f"python benchmarks/banks.py {Path(options.data).name}{asked}",
        "rows": rows,
    }
    write_record(
        options.output, f"banks_{options.name or Path(options.data).stem}", record, markdown(record)
    )


if __name__ == "__main__":
    main()
