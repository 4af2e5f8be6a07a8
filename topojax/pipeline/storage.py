"""A fitted method on disk: orbax for arrays, JSON for the rest."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import jax
import numpy as np

from topojax.checkpoint import load_checkpoint, load_meta, reads_checkpoint, save_checkpoint
from topojax.config import Config, parse_config
from topojax.data import IntensityScale
from topojax.errors import RunError, WeightsError
from topojax.files import cannot_write
from topojax.pipeline.fitted import FittedTopoCAM
from topojax.pipeline.network import TrainedNetwork
from topojax.search import RoiRule
from topojax.training import (
    EpochRecord,
    FittedBackbone,
    FittedClassifier,
    Normalisation,
    abstract_classifier,
    restore_classifier,
)
from topojax.training.backbone.fitted import abstract_backbone

_KIND = "TopoCAM"


def save_fitted(
    fitted: FittedTopoCAM, path: Path, rules: tuple[RoiRule, ...] | None = None
) -> None:
    """Write a fitted method into the new folder `path`, atomically.

    Args:
        fitted: the method.
        path: a folder that is not there yet.
        rules: written in place of the method's one rule, for `load_rules` to read.

    Raises:
        RunError: the folder exists, or cannot be made.
    """
    if path.exists():
        raise RunError(f"{path} exists and is not overwritten; choose another folder")
    backbone = fitted.network.backbone
    classifiers = {name: one.arrays() for name, one in fitted.classifiers.items()}
    arrays = {
        "backbone": {"params": backbone.params, "stats": backbone.stats},
        "classifiers": classifiers,
    }
    meta = {
        "kind": _KIND,
        "config": fitted.config.model_dump(mode="json"),
        "class_names": list(fitted.class_names),
        "labels": list(fitted.labels),
        "spatial_shape": list(fitted.spatial_shape),
        "n_channels": fitted.n_channels,
        "normalisation": asdict(fitted.network.normalisation),
        "backbone": {
            "name": backbone.name,
            "best_epoch": backbone.best_epoch,
            "history": [asdict(record) for record in backbone.history],
        },
        "roi_rules": [rule.to_json() for rule in rules or (fitted.rule,)],
        "grid": None if fitted.grid is None else fitted.grid.tolist(),
        "n_features": {name: one.n_features for name, one in fitted.classifiers.items()},
        "classifiers": {
            name: {**one.to_json(), "n_bytes": _n_bytes(classifiers[name])}
            for name, one in fitted.classifiers.items()
        },
        "temperature": fitted.temperature,
        "scale": None if fitted.scale is None else fitted.scale.to_json(),
    }
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        save_checkpoint(path, arrays, meta)
    except OSError as error:
        raise cannot_write(path, error) from None


@reads_checkpoint
def load_fitted(path: Path) -> FittedTopoCAM:
    """Read a fitted method from the folder that `save_fitted` wrote, or from a run folder.

    Raises:
        WeightsError: no checkpoint there, or one that is damaged or of another model.
    """
    folder = _model_folder(path)
    arrays, meta = load_checkpoint(folder, lambda meta: _expected(meta, folder))
    config = parse_config(meta["config"])
    shape = tuple(meta["spatial_shape"])
    return FittedTopoCAM(
        config=config,
        class_names=tuple(meta["class_names"]),
        labels=tuple(meta["labels"]),
        spatial_shape=shape,
        network=TrainedNetwork(
            Normalisation(**{k: tuple(v) for k, v in meta["normalisation"].items()}),
            _backbone(arrays["backbone"], meta),
            len(shape),
        ),
        rule=RoiRule.from_json(meta["roi_rules"][0]),
        grid=None if meta["grid"] is None else np.array(meta["grid"]),
        classifiers=_classifiers(arrays["classifiers"], meta, config),
        temperature=meta["temperature"],
        # Absent from checkpoints of older versions, which say nothing of it.
        scale=IntensityScale.from_json(meta["scale"]) if meta.get("scale") else None,
    )


@reads_checkpoint
def load_rules(path: Path) -> tuple[RoiRule, ...]:
    """Read the rules that `save_fitted` was given, or the method's own.

    Raises:
        WeightsError: as `load_fitted`.
    """
    folder = _model_folder(path)
    meta = load_meta(folder)
    _check_kind(meta, folder)
    return tuple(RoiRule.from_json(stored) for stored in meta["roi_rules"])


def _model_folder(path: Path) -> Path:
    in_run = path / "checkpoint" / "model"
    return in_run if in_run.is_dir() else path


def _backbone(arrays: dict[str, Any], meta: dict[str, Any]) -> FittedBackbone:
    return FittedBackbone(
        meta["backbone"]["name"],
        len(meta["class_names"]),
        meta["n_channels"],
        arrays["params"],
        arrays["stats"],
        tuple(EpochRecord(**record) for record in meta["backbone"]["history"]),
        meta["backbone"]["best_epoch"],
    )


def _classifiers(
    arrays: dict[str, Any], meta: dict[str, Any], config: Config
) -> dict[str, FittedClassifier]:
    stored, n_classes = _stored_classifiers(meta), len(meta["class_names"])
    return {
        name: restore_classifier(
            entry, stored[name], meta["n_features"][name], n_classes, config.classifier
        )
        for name, entry in arrays.items()
    }


def _stored_classifiers(meta: dict[str, Any]) -> dict[str, dict[str, Any]]:
    # Absent from checkpoints of older versions, whose classifiers are MLPs.
    return meta.get("classifiers") or {name: {"model": "mlp"} for name in meta["n_features"]}


def _n_bytes(arrays: Any) -> int:
    return sum(leaf.nbytes for leaf in jax.tree.leaves(arrays))


def _check_kind(meta: dict[str, Any], folder: Path) -> None:
    if meta.get("kind") != _KIND:
        raise WeightsError(
            f"{folder} is a checkpoint of another model; give a folder that fit or TopoCAM.save "
            "has written"
        )


def _expected(meta: dict[str, Any], folder: Path) -> Any:
    _check_kind(meta, folder)
    n_classes, config = len(meta["class_names"]), parse_config(meta["config"])
    _, params, stats = abstract_backbone(meta["backbone"]["name"], n_classes, meta["n_channels"])
    stored = _stored_classifiers(meta)
    return {
        "backbone": {"params": params, "stats": stats},
        "classifiers": {
            name: abstract_classifier(stored[name], n, n_classes, config.classifier)
            for name, n in meta["n_features"].items()
        },
    }
