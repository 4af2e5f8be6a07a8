"""What do pretrained weights gain on a small data set?

Fine-tunes one network from a weight file and from scratch, with the same seeds, budget and
shuffles, and scores both on the test split at the epoch of the best validation AUC. The mean
difference comes with its 95 % interval over seeds (Student's t, paired).

    python benchmarks/pretrained.py breastmnist.npz WEIGHTS [--size 64] [--epochs 10] [--seeds 5]

Writes `pretrained_DATASET.json` into `--output`.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import flax
import jax
import numpy as np
import optax
from flax import nnx

from topojax.config import BackboneConfig
from topojax.data import Dataset, Split, read_medmnist, resize_images
from topojax.evaluation import auc_score, summarise_seed_differences, summarise_seeds
from topojax.training import Normalisation, fine_tune

RESULTS = Path(__file__).parent / "results"
LEVEL = 0.95


@partial(jax.jit, static_argnames="graph")
def _logits(graph: Any, state: nnx.State, x: np.ndarray) -> jax.Array:
    return nnx.merge(graph, state)(x)


def scores(
    dataset: Dataset, splits: dict[str, np.ndarray], config: BackboneConfig, name: str, seed: int
) -> dict[str, float]:
    """Return AUC and accuracy on the test split, and the seconds of training."""
    start = time.perf_counter()
    fitted = fine_tune(
        config,
        name,
        (splits["train"], dataset.train.labels),
        (splits["val"], dataset.val.labels),
        dataset.n_classes,
        seed=seed,
    )
    seconds = time.perf_counter() - start
    graph, state = nnx.split(fitted.model())
    logits = np.asarray(_logits(graph, state, splits["test"]))
    labels = dataset.test.labels
    return {
        "auc": auc_score(labels, np.asarray(jax.nn.softmax(logits))),
        "accuracy": float((logits.argmax(-1) == labels).mean()),
        "seconds": seconds,
    }


def summary(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Return means and paired differences with their intervals, by metric."""
    found = {}
    for metric in ("auc", "accuracy"):
        columns = {start: [run[start][metric] for run in runs] for start in ("file", "scratch")}
        difference = summarise_seed_differences(columns["file"], columns["scratch"], LEVEL)
        found[metric] = {
            **{start: asdict(summarise_seeds(values, LEVEL)) for start, values in columns.items()},
            "difference": asdict(difference),
        }
    return found


def network_inputs(dataset: Dataset, size: int) -> dict[str, np.ndarray]:
    """Return the splits' images resized and normalised by the training split."""

    def resized(split: Split) -> np.ndarray:
        return resize_images(split.images, size, dataset.spatial_dims)

    normalisation = Normalisation.fit(resized(dataset.train), dataset.spatial_dims)
    return {
        name: normalisation(resized(dataset.split(name)), dataset.spatial_dims)
        for name in ("train", "val", "test")
    }


def main() -> None:
    """Run, print and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path, help="a data file in MedMNIST's form")
    parser.add_argument("weights", type=Path, help="a state dict in torchvision's names")
    parser.add_argument("--network", default="resnet18")
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--output", type=Path, default=RESULTS, help="folder of the result")
    options = parser.parse_args()
    dataset = read_medmnist(options.data)
    splits = network_inputs(dataset, options.size)
    starts = {"file": str(options.weights), "scratch": None}
    runs = []
    for seed in range(options.seeds):
        run: dict[str, Any] = {"seed": seed}
        for start, weights in starts.items():
            config = BackboneConfig(weights=weights, epochs=options.epochs)
            run[start] = scores(dataset, splits, config, options.network, seed)
        runs.append(run)
        print(json.dumps(run), flush=True)
    record = {
        "question": str(__doc__).split("\n\n")[0],
        "date": datetime.now(UTC).date().isoformat(),
        "data": options.data.name,
        "weights": options.weights.name,
        "network": options.network,
        "size": options.size,
        "epochs": options.epochs,
        "versions": {
            "python": platform.python_version(),
            **{module.__name__: module.__version__ for module in (jax, flax, optax, np)},
        },
        "runs": runs,
        "summary": summary(runs),
    }
    print(json.dumps(record["summary"], indent=2))
    options.output.mkdir(parents=True, exist_ok=True)
    file = options.output / f"pretrained_{options.data.stem}.json"
    file.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
