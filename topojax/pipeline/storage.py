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
from topojax.topology.filtered_images import Grids
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
    first, *others = fitted.networks
    classifiers = {name: one.arrays() for name, one in fitted.classifiers.items()}
    arrays = {
        **_network_arrays(first),
        "classifiers": classifiers,
    }
    if others:
        arrays["other_networks"] = [_network_arrays(network) for network in others]
    meta = {
        "kind": _KIND,
        "config": fitted.config.model_dump(mode="json"),
        "class_names": list(fitted.class_names),
        "labels": list(fitted.labels),
        "spatial_shape": list(fitted.spatial_shape),
        "n_channels": fitted.n_channels,
        **_network_meta(first),
        "other_networks": [_network_meta(network) for network in others],
        "roi_rules": [rule.to_json() for rule in rules or (fitted.rule,)],
        "grids": {
            name: None if grid is None else grid.tolist() for name, grid in fitted.grids.items()
        },
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
    return FittedTopoCAM(
        config=config,
        class_names=tuple(meta["class_names"]),
        labels=tuple(meta["labels"]),
        spatial_shape=tuple(meta["spatial_shape"]),
        networks=tuple(
            _network(own_arrays, own_meta, meta)
            for own_arrays, own_meta in zip(
                (arrays, *arrays.get("other_networks", ())), _network_metas(meta), strict=True
            )
        ),
        rule=RoiRule.from_json(meta["roi_rules"][0]),
        grids=_grids(meta, config),
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


def _network_arrays(network: TrainedNetwork) -> dict[str, Any]:
    return {"backbone": {"params": network.backbone.params, "stats": network.backbone.stats}}


def _network_meta(network: TrainedNetwork) -> dict[str, Any]:
    backbone = network.backbone
    return {
        "normalisation": asdict(network.normalisation),
        "backbone": {
            "name": backbone.name,
            "best_epoch": backbone.best_epoch,
            "history": [asdict(record) for record in backbone.history],
        },
    }


def _network_metas(meta: dict[str, Any]) -> list[dict[str, Any]]:
    # Checkpoints of older versions have one network, and say nothing of others.
    return [meta, *meta.get("other_networks", ())]


def _network(arrays: dict[str, Any], own: dict[str, Any], meta: dict[str, Any]) -> TrainedNetwork:
    backbone = FittedBackbone(
        own["backbone"]["name"],
        len(meta["class_names"]),
        meta["n_channels"],
        arrays["backbone"]["params"],
        arrays["backbone"]["stats"],
        tuple(EpochRecord(**record) for record in own["backbone"]["history"]),
        own["backbone"]["best_epoch"],
    )
    normalisation = Normalisation(**{k: tuple(v) for k, v in own["normalisation"].items()})
    return TrainedNetwork(normalisation, backbone, len(meta["spatial_shape"]))


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
    first, *others = (
        _expected_network(own["backbone"]["name"], n_classes, meta["n_channels"])
        for own in _network_metas(meta)
    )
    stored = _stored_classifiers(meta)
    return {
        **first,
        **({"other_networks": others} if others else {}),
        "classifiers": {
            name: abstract_classifier(stored[name], n, n_classes, config.classifier)
            for name, n in meta["n_features"].items()
        },
    }


def _expected_network(name: str, n_classes: int, n_channels: int) -> dict[str, Any]:
    _, params, stats = abstract_backbone(name, n_classes, n_channels)
    return {"backbone": {"params": params, "stats": stats}}


def _grids(meta: dict[str, Any], config: Config) -> Grids:
    # Checkpoints of older versions have one filtration, and no name for it here.
    stored = meta["grids"] if "grids" in meta else {config.topology.filtrations[0]: meta["grid"]}
    # In the bank's order, which a checkpoint does not keep.
    return {
        name: None if stored[name] is None else np.array(stored[name])
        for name in config.topology.filtrations
    }
