"""What does the topology of predicted masks know, beside that of true masks and their volume?

The paper's segment-then-analyse baseline (table 8): a U-Net is trained on masks, its predicted mask
is the region on which Betti curves are computed, and TopoCAM's classifier learns them. Beside it
stand the same classifiers on the true masks, on the volume of either mask alone, and on whole
images. The test split's masks are read for these and for Dice.

    python benchmarks/hippocampus.py FOLDER hippocampus.npz --masks
    python benchmarks/segmentation.py hippocampus.npz [--size 28] [--seed 0] [--set KEY=VALUE ...]
        [--unet KEY=VALUE ...] [--runs DIR] [--output DIR]

The file is in MedMNIST's form with `{train,val,test}_masks` beside images and labels, 0 outside
what is to be found. `--set` changes the analysis (`topology.…`, `classifier.…`), `--unet` the
U-Nets (`epochs=60`). A killed run goes on from `--runs`. Writes `segmentation_NAME.json` and `.md`.
"""

from __future__ import annotations

import argparse
import logging
import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from topojax.config import (
    Config,
    SegmentationConfig,
    make_config,
    make_segmentation_config,
    parse_overrides,
)
from topojax.data import SPLITS, Dataset, read_masks, read_medmnist
from topojax.evaluation import Scores, compare
from topojax.experiments.bench.machine import processor, processors
from topojax.experiments.bench.records import write_record
from topojax.experiments.reproduce import BUDGETS
from topojax.experiments.segmentation import (
    SegmentThenAnalyse,
    TrueMasks,
    analyse_regions,
    segment_then_analyse,
)
from topojax.experiments.segmentation.baseline import region_scores

RESULTS = Path(__file__).parent / "results"
UNET = BUDGETS["quick"].unet
"""Sized for two cores and a quarter of an hour at 32^3; all else is as it is by default."""
TITLES = {
    ("predicted mask", "topology"): "topology inside the predicted mask: segment, then analyse",
    (
        "predicted mask",
        "volumes",
    ): "volumes of sublevel sets inside the predicted mask: no topology",
    ("predicted mask", "roi-size"): "volume of the predicted mask alone",
    ("true mask", "topology"): "topology inside the true mask",
    ("true mask", "volumes"): "volumes of sublevel sets inside the true mask: no topology",
    ("true mask", "roi-size"): "volume of the true mask alone",
    ("whole image", "topology"): "topology of the whole image",
    ("whole image", "volumes"): "volumes of sublevel sets of the whole image: no topology",
}
SHOWN = ("auc", "accuracy", "sensitivity", "specificity", "f1")


def measure(
    dataset: Dataset,
    masks: TrueMasks,
    config: Config,
    unet: SegmentationConfig,
    folder: Path | None,
) -> tuple[SegmentThenAnalyse, list[dict[str, Any]]]:
    """Return the baseline, and a row of test scores for every region and kind of features."""
    found = segment_then_analyse(dataset, masks, config, unet, folder=folder, progress=True)
    by_region = {"predicted mask": (found.probabilities, found.scores)}
    regions = {"true mask": {split: [masks.of(split)] for split in SPLITS}}
    regions["whole image"] = {
        split: [np.ones_like(one) for one in parts] for split, parts in regions["true mask"].items()
    }
    for name, given in regions.items():
        probabilities = analyse_regions(dataset, given, config)
        by_region[name] = probabilities, region_scores(dataset, probabilities, config)
    baseline = found.probabilities["topology"]["test"]
    rows = []
    for region, kind in TITLES:
        probabilities, scores = (part[kind]["test"] for part in by_region[region])
        row = {"region": region, "features": kind, "test": _numbers(scores)}
        if (region, kind) != ("predicted mask", "topology"):
            rng = np.random.default_rng(config.seed)
            difference = compare(dataset.test.labels, baseline, probabilities, rng=rng)
            row["baseline_exceeds_by"] = asdict(difference.differences["auc"])
        rows.append(row)
    return found, rows


def _numbers(scores: Scores) -> dict[str, dict[str, float]]:
    return {name: asdict(scores.metrics[name]) for name in SHOWN}


def summary_of_dice(found: SegmentThenAnalyse) -> dict[str, dict[str, float]]:
    """Return, by split, mean, standard deviation over images and least Dice, and empty masks."""
    return {
        split: {
            "mean": float(dice.mean()),
            "standard_deviation": float(dice.std(ddof=1)),
            "least": float(dice.min()),
            "n": len(dice),
            "n_empty": found.n_empty[split],
        }
        for split, dice in found.dice.items()
    }


def markdown(record: dict[str, Any]) -> str:
    """Return the record as a page."""
    dice = "; ".join(
        f"{split} {one['mean']:.3f} ± {one['standard_deviation']:.3f} (least {one['least']:.3f}, "
        f"{one['n_empty']} of {one['n']} empty)"
        for split, one in record["dice"].items()
    )
    lines = [
        f"# {record['question']}",
        "",
        f"{record['data']}, {record['shape']}; {record['date']}; {record['processor']}, "
        f"{record['processors']} processors; seed {record['seed']}; {record['seconds']:.0f} s; "
        f"`{record['command']}`.",
        "",
        f"Dice of predicted masks, mean and standard deviation over images: {dice}. Those of "
        "training images are of the networks that have not seen them.",
        "",
        "Test scores with 95 % stratified bootstrap intervals; differences of AUCs by DeLong, or "
        "by the paired bootstrap where there are more than two classes.",
        "",
        "| features | AUC | baseline exceeds it by | accuracy | sensitivity | specificity | F1 |",
        "|---|---|---|---|---:|---:|---:|",
    ]
    for row in record["rows"]:
        auc, accuracy, *others = (row["test"][name] for name in SHOWN)
        excess = row.get("baseline_exceeds_by")
        cells = [
            TITLES[row["region"], row["features"]],
            interval(auc),
            interval(excess, "+.3f") if excess else "",
            interval(accuracy),
            *(f"{one['value']:.3f}" for one in others),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def interval(found: dict[str, float], form: str = ".3f") -> str:
    """Return a number with its interval in words."""
    value, low, high = (format(found[key], form) for key in ("value", "low", "high"))
    return f"{value} [{low}, {high}]"


def command(options: argparse.Namespace) -> str:
    """Return the command that makes the record anew, paths by their last part."""
    size = f" --size {options.size}" if options.size else ""
    sets = "".join(f" --set {pair}" for pair in options.sets)
    unet = "".join(f" --unet {pair}" for pair in options.unet)
    data = Path(options.data).name
    return f"python benchmarks/segmentation.py {data} --seed {options.seed}{size}{sets}{unet}"


def command_line() -> argparse.ArgumentParser:
    """Return the parser of the options."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path, help="npz file with masks")
    parser.add_argument("--size", type=int)
    parser.add_argument("--seed", type=int, default=0)
    for name, dest in (("--set", "sets"), ("--unet", "unet")):
        parser.add_argument(name, dest=dest, action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--runs", type=Path, help="folder that a killed run goes on from")
    parser.add_argument("--output", type=Path, default=RESULTS, help="folder of the results")
    parser.add_argument("--name", help="of the results' files; the data's name if not given")
    return parser


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print and write."""
    options = command_line().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    unet = make_segmentation_config(dict(UNET) | parse_overrides(options.unet))
    config = make_config(overrides=parse_overrides(options.sets) | {"seed": options.seed})
    dataset = read_medmnist(options.data, size=options.size)
    masks = TrueMasks(**read_masks(options.data, options.size))
    name = options.name or options.data.stem
    folder = options.runs / name / f"seed_{options.seed}" if options.runs else None
    start = time.perf_counter()
    found, rows = measure(dataset, masks, config, unet, folder)
    packages = ("topojax", "jax", "flax", "optax", "numpy", "numba", "scikit-learn")
    record = {
        "question": str(__doc__).splitlines()[0],
        "date": datetime.now(UTC).date().isoformat(),
        "processor": processor(),
        "processors": processors(),
        "versions": {package: version(package) for package in packages},
        "data": dataset.name,
        "shape": " x ".join(map(str, dataset.shape)),
        "n": {split: len(dataset.split(split).labels) for split in SPLITS},
        "seed": options.seed,
        "seconds": time.perf_counter() - start,
        "command": command(options),
        "unet": unet.model_dump(mode="json"),
        "topology": config.topology.model_dump(mode="json"),
        "classifier": config.classifier.model_dump(mode="json"),
        "dice": summary_of_dice(found),
        "rows": rows,
    }
    write_record(options.output, f"segmentation_{name}", record, markdown(record))


if __name__ == "__main__":
    main()
