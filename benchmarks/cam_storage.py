"""Is a byte a voxel enough for class activation maps?

Fine-tunes a network for a few epochs, takes maps of three layers of the training images in float32,
and stores them as float16, as bytes, and, for contrast, in four bits. Regions of interest for some
fusion weights and thresholds, their sizes, Betti curves, and the cross-validated AUC of a logistic
regression on the descriptors are compared with those of float32.

    python benchmarks/cam_storage.py breastmnist.npz [--volumes adrenalmnist3d.npz] [--output DIR]

Writes `cam_storage.json` and `.md`.
"""

from __future__ import annotations

import argparse
import json
import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jax
import numpy as np
from flax import nnx
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from topojax.cam import METHODS, compute_cams, scale_maps, upsample_maps
from topojax.config import BackboneConfig, CamConfig, TopologyConfig
from topojax.data import read_medmnist, resize_images
from topojax.data.batches import padded_batches
from topojax.evaluation import auc_score
from topojax.topology import describe, fixed_grid, grey_images
from topojax.training import Normalisation, fine_tune

RESULTS = Path(__file__).parent / "results"
LAYERS = ("layer2", "layer3", "layer4")
SEED = 0
BATCH = 32
FOLDS = 5
FOLD_SEEDS = (0, 1, 2)
TOPOLOGY = TopologyConfig()


@dataclass(frozen=True)
class Rule:
    """What makes a region of interest of three maps."""

    weights: tuple[float, float, float]
    tau: float


RULES = (
    Rule((1 / 3, 1 / 3, 1 / 3), 0.3),
    Rule((0.2, 0.3, 0.5), 0.5),
    Rule((0.6, 0.3, 0.1), 0.5),
    Rule((0.5, 0.5, 0.0), 0.6),
    Rule((1.0, 0.0, 0.0), 0.7),
    Rule((0.1, 0.8, 0.1), 0.9),
)


@dataclass(frozen=True)
class Storage:
    """How maps in [0, 1] are kept, and what is read back, float32."""

    name: str
    bits: int
    read_back: Callable[[np.ndarray], np.ndarray]


def _rounded(levels: int) -> Callable[[np.ndarray], np.ndarray]:
    return lambda maps: np.rint(levels * maps) / np.float32(levels)


FLOAT32 = Storage("float32", 32, lambda maps: maps)
STORAGES = (
    Storage("float16", 16, lambda maps: maps.astype(np.float16).astype(np.float32)),
    Storage("uint8", 8, _rounded(255)),
    Storage("4 bits", 4, _rounded(15)),
)


@dataclass(frozen=True)
class Case:
    """A network and the images that it is trained on and explains.

    Attributes:
        images: of the training split, as read, (n, *spatial).
        val: images and labels that choose the epoch.
    """

    network: str
    data: str
    images: np.ndarray
    labels: np.ndarray
    val: tuple[np.ndarray, np.ndarray]
    epochs: int

    @property
    def shape(self) -> tuple[int, ...]:
        """Of an image."""
        return self.images.shape[1:]


def regions(maps: np.ndarray, rule: Rule) -> np.ndarray:
    """Return the ROIs, bool (n, *spatial), of maps float32 (n, L, *spatial) in [0, 1]."""
    axes = tuple(range(1, maps.ndim - 1))
    fused = np.zeros_like(maps[:, 0])
    for layer, weight in enumerate(rule.weights):
        fused += np.float32(weight) * maps[:, layer]
    low, high = fused.min(axes, keepdims=True), fused.max(axes, keepdims=True)
    extent = high - low
    flat = extent <= 1e-6 * high
    fused = np.where(flat, np.float32(0), (fused - low) / np.where(flat, np.float32(1), extent))
    above = fused >= np.float32(rule.tau)
    empty = ~above.any(axes, keepdims=True)
    return np.where(empty, fused == fused.max(axes, keepdims=True), above)


@dataclass(frozen=True)
class Read:
    """What is made of the maps under one rule: ROIs, Betti curves, sizes, AUC by fold seed."""

    masks: np.ndarray
    curves: np.ndarray
    voxels: np.ndarray
    aucs: np.ndarray


def read(maps: np.ndarray, rule: Rule, grey: np.ndarray, labels: np.ndarray) -> Read:
    """Return what is made of maps (n, L, *spatial) of grey images (n, *spatial)."""
    masks = regions(maps, rule)
    grid = fixed_grid(grey, TOPOLOGY.n_thresholds)
    found = describe(grey, masks, grid, TOPOLOGY)
    return Read(masks, found.curves, found.voxels, cross_validated(found.matrix(), labels))


def cross_validated(features: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the AUC of a logistic regression, of all folds together, by seed of the folds."""
    classifier = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=1000))
    aucs = []
    # Several threads on matrices as small as these take ten times as long on a busy machine.
    with threadpool_limits(1):
        for seed in FOLD_SEEDS:
            folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
            options = {"cv": folds, "method": "predict_proba"}
            predicted = cross_val_predict(classifier, features, labels, **options)
            aucs.append(auc_score(labels, predicted))
    return np.array(aucs)


def difference(found: Read, wanted: Read) -> dict[str, Any]:
    """Return how far what was read from stored maps is from what float32 gives."""
    axes = tuple(range(1, found.masks.ndim))
    both = np.count_nonzero(found.masks & wanted.masks, axes)
    jaccard = both / np.count_nonzero(found.masks | wanted.masks, axes)
    size = np.abs(found.voxels - wanted.voxels) / wanted.voxels
    axes = (1, 2)
    betti = np.abs(found.curves - wanted.curves).sum(axes) / wanted.curves.sum(axes)
    return {
        "jaccard": {"mean": float(jaccard.mean()), "worst": float(jaccard.min())},
        "same": float((jaccard == 1).mean()),
        "size": {"mean": float(size.mean()), "worst": float(size.max())},
        "betti": {"mean": float(betti.mean()), "worst": float(betti.max())},
        "auc": (found.aucs - wanted.aucs).tolist(),
    }


def compare(maps: np.ndarray, grey: np.ndarray, labels: np.ndarray) -> dict[str, Any]:
    """Return the AUCs of float32 by rule and fold seed, and the differences by storage and rule."""
    wanted = [read(maps, rule, grey, labels) for rule in RULES]
    differences = {}
    for storage in STORAGES:
        kept = storage.read_back(maps)
        differences[storage.name] = [
            difference(read(kept, rule, grey, labels), of_float32)
            for rule, of_float32 in zip(RULES, wanted, strict=True)
        ]
    return {"auc": [one.aucs.tolist() for one in wanted], "differences": differences}


def float_maps(model: Any, x: np.ndarray) -> np.ndarray:
    """Return the maps of the predicted classes, float32 (n, L, *spatial) in [0, 1].

    Raises:
        SystemExit: `compute_cams` does not give the same, rounded.
    """
    graph, state = nnx.split(model)

    @jax.jit
    def scaled(state: nnx.State, batch: np.ndarray) -> jax.Array:
        _, raw = METHODS["gradcam"](nnx.merge(graph, state), batch, LAYERS, None)
        shape = batch.shape[1:-1]
        return jax.numpy.stack([scale_maps(upsample_maps(raw[name], shape)) for name in LAYERS], 1)

    parts = [
        np.asarray(scaled(state, batch))[: rows.stop - rows.start]
        for rows, batch in padded_batches(x, BATCH)
    ]
    maps = np.concatenate(parts)
    stored = compute_cams(model, x, CamConfig(layers=LAYERS, batch_size=BATCH)).maps
    apart = np.abs(stored - 255 * maps).max()
    if apart > 0.51:
        raise SystemExit(f"maps of compute_cams differ from float32 by {apart} / 255; stopped")
    return maps


def run(case: Case) -> dict[str, Any]:
    """Train, explain, compare."""
    dims = len(case.shape)
    normalisation = Normalisation.fit(case.images, dims)
    x = normalisation(case.images, dims)
    fitted = fine_tune(
        BackboneConfig(epochs=case.epochs, batch_size=BATCH),
        case.network,
        (x, case.labels),
        (normalisation(case.val[0], dims), case.val[1]),
        int(case.labels.max()) + 1,
        seed=SEED,
    )
    maps = float_maps(fitted.model(), x)
    return {
        "network": case.network,
        "data": case.data,
        "shape": list(case.shape),
        "n": len(x),
        "epochs": case.epochs,
        "bytes": {s.name: s.bits * maps[0].size // 8 for s in (FLOAT32, *STORAGES)},
        **compare(maps, grey_images(case.images, dims), case.labels),
    }


def cases(options: argparse.Namespace) -> list[Case]:
    """Return what is to be run, as the command line says."""
    found = []
    data = read_medmnist(options.data)
    for size in options.sizes:
        images, val = (
            resize_images(split.images, size, data.spatial_dims) for split in (data.train, data.val)
        )
        labels = data.train.labels, data.val.labels
        case = Case(
            "resnet18", options.data.stem, images, labels[0], (val, labels[1]), options.epochs
        )
        found.append(case)
    if options.volumes:
        data = read_medmnist(options.volumes)
        n = options.n_volumes
        train, val = data.train, data.val
        case = Case(
            "r3d_18",
            options.volumes.stem,
            train.images[:n],
            train.labels[:n],
            (val.images[: n // 2], val.labels[: n // 2]),
            1,
        )
        found.append(case)
    return found


def markdown(record: dict[str, Any]) -> str:
    """Return the record as a page."""
    versions = ", ".join(f"{name} {number}" for name, number in record["versions"].items())
    lines = [
        f"# {record['question']}",
        "",
        f"{record['date']}; {versions}; {len(record['rules'])} rules (weights and τ), Grad-CAM of "
        f"{', '.join(LAYERS)}, training images. Mean and worst over images and rules, against "
        "float32: Jaccard index of the ROIs, share of ROIs that are the same, change of the ROI's "
        "size, Σ|Δβ| / Σβ of the Betti curves; change of the cross-validated AUC, mean and largest "
        f"over rules and {len(FOLD_SEEDS)} seeds of the folds. In float32 the AUC moves by “seed” "
        "(mean standard deviation) with the seed of the folds.",
        "",
        "| network | images | stored as | bytes an image | Jaccard | same ROI | size "
        "| Betti curves | AUC in float32 (seed) | change of AUC |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for case in record["cases"]:
        lines += _rows(case)
    return "\n".join(lines) + "\n"


def _rows(case: dict[str, Any]) -> list[str]:
    images = f"{case['n']} {case['data']}, {'×'.join(map(str, case['shape']))}"
    aucs = np.array(case["auc"])
    rows = []
    for name, by_rule in case["differences"].items():
        change = np.abs([one["auc"] for one in by_rule])
        mean = {
            key: np.mean([one[key]["mean"] for one in by_rule])
            for key in ("jaccard", "size", "betti")
        }
        worst_jaccard = min(one["jaccard"]["worst"] for one in by_rule)
        worst = {key: max(one[key]["worst"] for one in by_rule) for key in ("size", "betti")}
        cells = (
            case["network"],
            images,
            name,
            str(case["bytes"][name]),
            f"{mean['jaccard']:.4f}, {worst_jaccard:.3f}",
            f"{100 * np.mean([one['same'] for one in by_rule]):.1f} %",
            *(f"{100 * mean[key]:.2f} %, {100 * worst[key]:.1f} %" for key in ("size", "betti")),
            f"{aucs.mean():.3f} ({aucs.std(axis=1).mean():.4f})",
            f"{change.mean():.4f}, {change.max():.4f}",
        )
        rows.append(f"| {' | '.join(cells)} |")
    return rows


def write(measured: list[dict[str, Any]], folder: Path) -> None:
    """Write the record and its page."""
    record = {
        "question": str(__doc__).split("\n\n")[0],
        "date": datetime.now(UTC).date().isoformat(),
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in ("topojax", "jax", "flax", "numpy", "scikit-learn")},
        },
        "rules": [{"weights": list(rule.weights), "tau": rule.tau} for rule in RULES],
        "cases": measured,
    }
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(record, indent=2) + "\n"
    (folder / "cam_storage.json").write_text(text, encoding="utf-8")
    (folder / "cam_storage.md").write_text(markdown(record), encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run, print and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path, help="images in MedMNIST's form")
    parser.add_argument("--sizes", type=int, nargs="+", default=[28, 64])
    parser.add_argument("--epochs", type=int, default=3, help="of the network for images")
    parser.add_argument("--volumes", type=Path, help="volumes in MedMNIST's form")
    parser.add_argument("--n-volumes", type=int, default=100)
    parser.add_argument("--output", type=Path, default=RESULTS, help="folder of the result")
    options = parser.parse_args(arguments)
    measured = []
    for case in cases(options):
        measured.append(run(case))
        print("\n".join(_rows(measured[-1])), flush=True)
    write(measured, options.output)


if __name__ == "__main__":
    main()
