"""What does topology add to the backbone, over several seeds?

Fits the whole method once a seed (`topojax fit`) and tabulates the test scores of TopoCAM, of the
topology of whole images (the paper's Topo-Original), of the backbone (with `--set cam.folds=K` the
networks' mean), of both together, stacked or not, and of what needs no topology at all, beside the
paper's numbers. A killed benchmark goes on where it was.

    python benchmarks/methods.py DATA [--seeds K] [--size N] [--weights W] [--set KEY=VALUE ...]
        [--runs DIR] [--output DIR] [--name NAME]

Writes `methods_NAME.json` and `.md`; the runs themselves stay in `--runs`.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from command_lines.fits import fits_command, fits_options, fits_parser
from topojax.config import make_config, parse_overrides
from topojax.data import read_medmnist
from topojax.evaluation import summarise_seed_differences, summarise_seeds
from topojax.experiments import fit_run
from topojax.experiments.bench.records import write_record
from topojax.runs import Environment, Metrics

RESULTS = Path(__file__).parent / "results"
SCORES = ("auc", "accuracy")
METHODS = {
    "topocam": "TopoCAM, as configured",
    "topology": "topology of the ROI",
    "whole-image": "Topo-Original: topology of the whole image",
    "backbone": "backbone alone",
    "topology+embedding": "topology of the ROI and pooled features",
    "embedding": "pooled features alone",
    "topology+logits": "stack of the ROI's topology and the network",
    "whole-image+logits": "stack of the whole image's topology and the network",
    "volumes": "sublevel volumes of the ROI: no topology",
    "whole-volumes": "sublevel volumes of the whole image: no topology",
    "intensity": "topology of the ROI, intensity alone of the bank",
    "whole-intensity": "topology of the whole image, intensity alone of the bank",
    "roi-size": "size of the ROI alone",
    "predicted-class": "predicted class alone",
}
# Tables 2 and 3 of the paper: AUC and accuracy.
PAPER = {
    "breastmnist": {
        "topocam": (0.999, 0.987),
        "whole-image": (0.788, 0.782),
        "backbone": (0.928, 0.897),
    },
    "adrenalmnist3d": {
        "topocam": (0.954, 0.916),
        "whole-image": (0.788, 0.782),
        "backbone": (0.907, 0.852),
    },
}


def fit_seeds(options: argparse.Namespace) -> list[Path]:
    """Fit once a seed; return the run folders."""
    overrides = parse_overrides(options.sets)
    shortcuts = {"size": options.size, "backbone.weights": options.weights}
    overrides |= {key: value for key, value in shortcuts.items() if value is not None}
    dataset = read_medmnist(options.data, size=options.size)
    folders = []
    for seed in range(options.seeds):
        config = make_config(options.preset, overrides=overrides | {"seed": seed})
        folder = options.runs / options.name / f"seed_{seed}"
        resume = (folder / "config.json").exists()
        fit_run(dataset, config, folder, resume=resume, progress=True)
        folders.append(folder)
    return folders


def scores_by_method(folder: Path) -> dict[str, dict[str, float]]:
    """Return method to score to value, on the test split of one run."""
    metrics = Metrics.read(folder)
    found = {"topocam": metrics.topocam["test"]}
    found |= {name: compared.scores for name, compared in metrics.comparisons.items()}
    return {
        name: {score: scores.metrics[score].value for score in SCORES}
        for name, scores in found.items()
    }


def summarise(by_seed: Sequence[dict[str, dict[str, float]]]) -> dict[str, dict[str, Any]]:
    """Return, by method and score, the seeds' values, their mean, their excess over the network."""
    summary: dict[str, dict[str, Any]] = {}
    for method in METHODS:
        if method not in by_seed[0]:
            continue
        summary[method] = {}
        for score in SCORES:
            values = [seed[method][score] for seed in by_seed]
            network = [seed["backbone"][score] for seed in by_seed]
            summary[method][score] = {
                "seeds": values,
                "mean": asdict(summarise_seeds(values)),
                "exceeds_backbone_by": asdict(summarise_seed_differences(values, network)),
            }
    return summary


def markdown(record: dict[str, Any]) -> str:
    """Return the record as a table."""
    paper = PAPER.get(record["data"], {})
    lines = [
        f"# {record['question']}",
        "",
        f"{record['data']}, {record['shape']}; {record['date']}; {record['device']}; "
        f"{len(record['folders'])} seeds; `{record['command']}`; seconds a seed "
        f"{np.median(record['seconds']):.0f} (median). Means over seeds with their 95 % Student "
        "intervals.",
        "",
        "| method | AUC | exceeds the backbone by | accuracy | the paper's AUC, accuracy |",
        "|---|---|---|---|---|",
    ]
    for method in record["summary"]:
        title = METHODS[method]
        auc, accuracy = (record["summary"][method][score] for score in SCORES)
        excess = interval(auc["exceeds_backbone_by"], "+.3f") if method != "backbone" else ""
        lines.append(
            f"| {title} | {interval(auc['mean'])} | {excess} | {interval(accuracy['mean'])} | "
            f"{'{:.3f}, {:.3f}'.format(*paper[method]) if method in paper else ''} |"
        )
    return "\n".join(lines) + "\n"


def interval(found: dict[str, Any], form: str = ".3f") -> str:
    """Return a seeds' mean with its interval in words."""
    mean, low, high = (format(found[key], form) for key in ("mean", "low", "high"))
    return f"{mean} [{low}, {high}]"


def main(arguments: Sequence[str] | None = None) -> None:
    """Fit, summarise, print and write."""
    parser = fits_parser(str(__doc__), seeds=5, output=RESULTS)
    parser.add_argument("--preset", default="sound")
    parser.add_argument("--runs", type=Path, default=Path("runs/methods"), help="run folders")
    options = fits_options(parser, arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    folders = fit_seeds(options)
    environment = Environment.read(folders[0])
    timings = [Metrics.read(folder).timing for folder in folders]
    record = {
        "question": str(__doc__).splitlines()[0],
        "date": datetime.now(UTC).date().isoformat(),
        "data": environment.data.name,
        "shape": " x ".join(map(str, environment.data.shape)),
        "device": environment.device,
        "versions": environment.packages | {"topojax": environment.topojax},
        "command": fits_command("methods", options),
        "folders": [folder.name for folder in folders],
        "seconds": [sum(timing.values()) for timing in timings],
        "timings": timings,
        "summary": summarise([scores_by_method(folder) for folder in folders]),
    }
    write_record(options.output, f"methods_{options.name}", record, markdown(record))


if __name__ == "__main__":
    main()
