"""Complete run folders made on the spot, without training anything."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from topojax.config import make_config
from topojax.evaluation import compare, score
from topojax.report import build_report

SIZES = {"train": 40, "val": 18, "test": 30}
COMPARED = {
    "embedding": 1.2,
    "topology+embedding": 1.7,
    "whole-image": 0.9,
    "roi-size": 0.3,
    "predicted-class": 1.0,
}
POPULATION = 8

MakeRun = Callable[..., Path]


@dataclass(frozen=True)
class Built:
    """A run folder and its page, not to be changed."""

    folder: Path
    page: str


@pytest.fixture
def make_run(tmp_path: Path) -> MakeRun:
    """Return a maker of run folders: `make_run(shape, class_names, …) -> folder`."""

    def make(
        shape: tuple[int, ...] = (12, 12),
        class_names: tuple[str, ...] = ("benign", "malignant"),
        *,
        preset: str = "sound",
    ) -> Path:
        folder = tmp_path / "run"
        folder.mkdir()
        _write_run(folder, shape, class_names, preset)
        return folder

    return make


@pytest.fixture(scope="session", params=["2-D, two classes", "3-D, three classes"])
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Return a complete run on images or on volumes, with its page."""
    folder = tmp_path_factory.mktemp("run")
    if request.param.startswith("2-D"):
        names = ("benign", "malignant")
        _write_run(folder, (12, 12), names, "paper")
    else:
        names = ("ball", "shell", "torus")
        _write_run(folder, (8, 10, 12), names, "sound")
    return Built(folder, build_report(folder).read_text(encoding="utf-8"))


def _write_run(
    folder: Path,
    shape: tuple[int, ...],
    class_names: tuple[str, ...],
    preset: str,
) -> None:
    rng = np.random.default_rng(3)
    labels = {split: np.arange(n) % len(class_names) for split, n in SIZES.items()}
    methods = {
        method: {split: _probabilities(rng, labels[split], skill) for split in SIZES}
        for method, skill in (("topocam", 1.6), ("backbone", 1.1))
    }
    others = {
        name: _probabilities(rng, labels["test"], skill) for name, skill in COMPARED.items()
    } | {"backbone": methods["backbone"]["test"]}
    for split, rows in methods["topocam"].items():
        with (folder / f"predictions_{split}.csv").open("w", newline="") as file:
            csv.writer(file).writerows([i, *row] for i, row in enumerate(rows.tolist()))
    arrays = _features(rng, shape, labels, methods["topocam"]["test"])
    if preset == "sound":
        arrays["thresholds"] = np.linspace(0, 1, 20)
    for name, rows in (others | {"topology": methods["topocam"]["test"]}).items():
        arrays[f"test_{name.replace('-', '_')}_probabilities"] = rows
    arrays |= _tried(rng)
    np.savez_compressed(folder / "features.npz", **arrays)
    scores = {
        method: {
            split: score(labels[split], rows, rng=rng, n_bootstrap=100).to_json()
            for split, rows in by_split.items()
        }
        for method, by_split in methods.items()
    }
    config = make_config(preset).model_dump(mode="json")
    _write_json(folder / "config.json", config)
    _write_json(folder / "environment.json", _environment(shape, class_names))
    compared = {
        name: {
            "scores": score(labels["test"], rows, rng=rng, n_bootstrap=100).to_json(),
            "difference": compare(
                labels["test"], methods["topocam"]["test"], rows, rng=rng, n_bootstrap=100
            ).to_json(),
        }
        for name, rows in others.items()
    }
    course = _course(rng, config["search"]["objective"])
    _write_json(folder / "metrics.json", scores | {"comparisons": compared} | course)


def _probabilities(rng: np.random.Generator, labels: np.ndarray, skill: float) -> np.ndarray:
    n_classes = labels.max() + 1
    logits = rng.normal(size=(len(labels), n_classes)) + skill * np.eye(n_classes)[labels]
    return np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)


def _features(
    rng: np.random.Generator,
    shape: tuple[int, ...],
    labels: dict[str, np.ndarray],
    test_probabilities: np.ndarray,
) -> dict[str, np.ndarray]:
    n_dims, n_thresholds = len(shape), 20
    arrays: dict[str, np.ndarray] = {}
    for split, of_split in labels.items():
        n = len(of_split)
        arrays |= {
            f"{split}_labels": of_split,
            f"{split}_descriptors": rng.random((n, n_dims * n_thresholds + 1), np.float32),
            f"{split}_roi_voxels": rng.integers(1, np.prod(shape), n),
            f"{split}_roi_empty": np.zeros(n, bool),
        }
    place = np.linspace(0, 1, n_thresholds)
    test = labels["test"]
    centre = 0.3 + 0.15 * test[:, None, None] + 0.1 * np.arange(n_dims)[None, :, None]
    bump = np.exp(-(((place - centre) / 0.15) ** 2)) / 50
    arrays["test_curves"] = bump * rng.uniform(0.7, 1.3, (len(test), n_dims, 1))
    arrays["test_curves_full"] = np.exp(-(((place - 0.5) / 0.3) ** 2)) / 90 * np.ones_like(bump)
    index = np.arange(min(6, len(test)))
    grid = np.meshgrid(*(np.linspace(-1, 1, length) for length in shape), indexing="ij")
    radius = np.sqrt(sum(axis**2 for axis in grid))
    fused = np.stack([np.clip(1 - np.abs(radius - 0.15 * i), 0, 1) for i in index])
    return arrays | {
        "example_images": rng.random((len(index), *shape), np.float32) * (radius < 0.9),
        "example_masks": fused > 0.7,
        "example_fused": fused.astype(np.float32),
        "example_labels": test[index],
        "example_predicted": test_probabilities[index].argmax(axis=1),
        "example_index": index,
    }


def _tried(rng: np.random.Generator) -> dict[str, np.ndarray]:
    weights = rng.dirichlet(np.ones(3), 12 * POPULATION)
    return {
        "search_weights": weights,
        "search_taus": rng.uniform(0.1, 0.9, len(weights)),
        "search_scores": np.where(weights[:, 0] > 0.9, -np.inf, 0.9 - 0.2 * weights[:, 1]),
    }


def _environment(shape: tuple[int, ...], class_names: tuple[str, ...]) -> dict[str, Any]:
    return {
        "topojax": "0.1.0",
        "python": "3.13.1",
        "platform": "Linux-6.1-x86_64",
        "device": "cpu: cpu",
        "packages": {"numpy": "2.5.5", "jax": "0.12.0"},
        "seed": 0,
        "started": "2026-11-23T09:00:00+00:00",
        "command": ["topojax", "fit", "my data.npz"],
        "data": {
            "name": "synthetic shapes",
            "source": "made on the spot, seed 0",
            "shape": list(shape),
            "spatial_dims": len(shape),
            "n_channels": 1,
            "class_names": list(class_names),
            "n": SIZES,
            "fingerprint": "9f86d081884c7d65",
        },
    }


def _course(rng: np.random.Generator, objective: str) -> dict[str, Any]:
    best = np.maximum.accumulate(0.7 + 0.2 * rng.random(12)).tolist()
    return {
        "fusion": {
            "weights": {"layer2": 0.137, "layer3": 0.562, "layer4": 0.301},
            "tau": 0.4375,
            "method": "evolution",
            "objective": objective,
            "searches": 1,
            "fitness": best[-1],
            "history": [
                {"generation": g, "best": value, "mean": value - 0.1 * rng.random()}
                for g, value in enumerate(best)
            ],
        },
        "roi": {
            split: {
                "n": n,
                "empty": n % 7,
                "dropped": 0,
                "coverage_mean": 0.3141,
                "coverage_median": 0.2718,
            }
            for split, n in SIZES.items()
        },
        "backbone_training": {
            "best_epoch": 3,
            "history": [
                {
                    "epoch": e,
                    "train_loss": 1.1 * 0.8**e,
                    "val_loss": 1.1 * 0.9**e + 0.01 * e,
                    "val_auc": 0.9 - 0.4 * 0.7**e,
                }
                for e in range(6)
            ],
        },
        "timing": {
            "backbone": 61.25,
            "cam": 4.5,
            "search": 33.0,
            "descriptors": 0.75,
            "classifier": 2.0,
            "evaluation": 1.5,
        },
        "calibration": {
            "temperature": 1.375,
            "used": False,
            "val": {"before": _errors(0.11), "after": _errors(0.04)},
            "test": {"before": _errors(0.12), "after": _errors(0.05)},
        },
        "meaningless": [],
        "warnings": ["layer4's map is one cell: it is flat & adds nothing <at this size>"],
    }


def _errors(size: float) -> dict[str, float]:
    return {
        "expected_error": size,
        "maximum_error": 3 * size,
        "brier": 0.1 + size,
        "log_loss": 0.4 + size,
    }


def _write_json(path: Path, values: dict[str, Any]) -> None:
    path.write_text(json.dumps(values, indent=2, allow_nan=False))
