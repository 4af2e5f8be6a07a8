"""Should a filter see the whole image, or the region of interest alone?

Takes ROIs of a network's maps (layers weighed alike, one threshold), of training images by networks
that have not seen them, and computes Betti curves of a bank on them twice: of images filtered as
they are, as topojax does, and of images whose voxels outside the ROI have the ROI's mean before
they are filtered. A classifier of each reads validation and test images. The validation split
tells which is better; the test split is read once for each.

    python benchmarks/filter_reach.py DATA [--size N] [--weights W] [--seeds K] [--set ...]

Writes `filter_reach_NAME.json` and `.md`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from banks import BANKS, classified

from command_lines.fits import fits_command, fits_options, fits_parser
from topojax.config import Config, make_config, parse_overrides
from topojax.data import SPLITS, Dataset, read_medmnist
from topojax.evaluation import summarise_seed_differences
from topojax.experiments.bench.machine import processor
from topojax.experiments.bench.records import write_record
from topojax.pipeline import Stopwatch, class_maps, plan_fit, prepare_grounds
from topojax.search import RoiRule
from topojax.topology import (
    describe_bank,
    expand_filtrations,
    filter_images,
    grey_images,
    learn_filtered_images,
)

RESULTS = Path(__file__).parent / "results"
DEFAULTS = {"backbone.epochs": 8, "backbone.schedule": "cosine", "cam.folds": 3}
REACHES = ("whole image", "ROI alone")


def regions(dataset: Dataset, config: Config) -> dict[str, np.ndarray]:
    """Return by split the ROIs of its images, bool (n, *spatial).

    Of validation and test images the first network's.
    """
    plan = plan_fit(config, dataset.train, dataset.class_names, dataset.spatial_dims)
    grounds = prepare_grounds(plan, dataset.train, dataset.val, class_maps, Stopwatch(plan.log))
    test = class_maps(plan, grounds.readers[0], dataset.test, "test")
    cams = {"train": grounds.train_cams, "val": grounds.val_cams[0], "test": test}
    n_layers = len(plan.config.cam.layers)
    rule = RoiRule((1 / n_layers,) * n_layers, plan.config.search.tau)
    return {split: rule.regions(cams[split].maps)[0] for split in SPLITS}


def filled(images: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """Return grey images (n, *spatial) whose voxels outside the masks have the ROI's mean."""
    axes = tuple(range(1, images.ndim))
    means = images.mean(axis=axes, where=masks, keepdims=True)
    return np.where(masks, images, means).astype(np.float32)


def described(
    dataset: Dataset, masks: dict[str, np.ndarray], config: Config, reach: str
) -> dict[str, np.ndarray]:
    """Return by split the Betti curves of the bank on the ROIs, of what the filters see."""
    images = {}
    for split in SPLITS:
        grey = grey_images(dataset.split(split).images, dataset.spatial_dims)
        images[split] = grey if reach == "whole image" else filled(grey, masks[split])
    train = learn_filtered_images(images["train"], config.topology)
    found = {"train": train} | {
        split: filter_images(images[split], train.grids, config.topology)
        for split in ("val", "test")
    }
    return {
        split: describe_bank(found[split], masks[split], config.topology).matrix()
        for split in SPLITS
    }


def measure(dataset: Dataset, overrides: dict[str, Any], seeds: int) -> list[dict[str, Any]]:
    """Return a row for every seed of the networks and of the classifiers."""
    rows = []
    model = overrides.get("classifier.model", "auto")
    for seed in range(seeds):
        config = make_config(overrides=overrides | {"seed": seed})
        masks = regions(dataset, config)
        shares = [float(mask.mean()) for mask in masks.values()]
        row: dict[str, Any] = {"seed": seed, "roi_share": float(np.mean(shares))}
        for reach in REACHES:
            val, scores, chosen = classified(
                dataset, described(dataset, masks, config, reach), seed, model
            )
            auc = asdict(scores.metrics["auc"])
            row[reach] = {"val_auc": val, "test_auc": auc, "chosen": chosen}
        rows.append(row)
        print(f"seed {seed}: " + ", ".join(f"{r} {row[r]['val_auc']:.3f}" for r in REACHES))
    return rows


def markdown(record: dict[str, Any]) -> str:
    """Return the record as a page."""
    rows = record["rows"]
    val = {reach: [row[reach]["val_auc"] for row in rows] for reach in REACHES}
    test = {reach: [row[reach]["test_auc"]["value"] for row in rows] for reach in REACHES}
    lines = [
        f"# {record['question']}",
        "",
        f"{record['data']}, {record['shape']}; {record['date']}; {record['processor']}; "
        f"{len(rows)} seeds; ROIs of {np.mean([row['roi_share'] for row in rows]):.0%} of the "
        f"image; `{record['command']}`.",
        "",
        "| filters see | validation AUC | test AUC |",
        "|---|---:|---:|",
        *(f"| {r} | {np.mean(val[r]):.3f} | {np.mean(test[r]):.3f} |" for r in REACHES),
        "",
    ]
    for name, found in (("validation", val), ("test", test)):
        excess = summarise_seed_differences(*(found[reach] for reach in REACHES))
        lines.append(
            f"The whole image exceeds the ROI alone by {excess.mean:+.3f} "
            f"[{excess.low:+.3f}, {excess.high:+.3f}] on the {name} split (95 % Student interval "
            "over seeds)."
        )
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print and write."""
    parser = fits_parser(str(__doc__), seeds=5, output=RESULTS)
    parser.add_argument("--tau", type=float, default=0.4, help="threshold of the fused map")
    options = fits_options(parser, arguments)
    dataset = read_medmnist(options.data, size=options.size)
    dims = dataset.spatial_dims
    overrides = DEFAULTS | {
        "backbone.weights": options.weights,
        "search.method": "uniform",
        "search.tau": options.tau,
        "topology.filtrations": expand_filtrations(BANKS["Laplacians"][dims], dims),
        "topology.n_thresholds": 32,
    }
    rows = measure(dataset, overrides | parse_overrides(options.sets), options.seeds)
    record = {
        "question": str(__doc__).splitlines()[0],
        "date": datetime.now(UTC).date().isoformat(),
        "processor": processor(),
        "versions": {name: version(name) for name in ("topojax", "jax", "numpy", "scikit-learn")},
        "data": dataset.name,
        "shape": " x ".join(map(str, dataset.shape)),
        "command": fits_command("filter_reach", options, f" --tau {options.tau}"),
        "rows": rows,
    }
    write_record(options.output, f"filter_reach_{options.name}", record, markdown(record))


if __name__ == "__main__":
    main()
