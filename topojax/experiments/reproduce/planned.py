"""The runs behind the rows of the paper's tables."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from topojax.config import (
    USUAL_TAU,
    Config,
    SegmentationConfig,
    make_config,
    make_segmentation_config,
)
from topojax.errors import ConfigError
from topojax.experiments.paper import Row
from topojax.experiments.reproduce.budgets import BUDGETS, BudgetName
from topojax.pipeline.plan import USUAL_NETWORK

Kind = Literal["method", "network", "segmentation"]

SETTINGS: Mapping[str, Mapping[str, Any]] = {
    "": {},
    "threshold 0.5": {"search.tau": 0.5},
    "threshold 0.7": {"search.tau": 0.7},
    "single layer": {"search.method": "single"},
    "from scratch": {"backbone.weights": None},
    "Grad-CAM++": {"cam.method": "gradcam++"},
    "Score-CAM": {"cam.method": "scorecam"},
}
"""What a row of the paper changes of the method as proposed, which thresholds at 0.6."""

_SCORED = {"topocam": "topocam", "topo-original": "whole-image", "segment-betti": "topology"}
"""Which of a run's scores a row of the paper has; a network's run has its own alone."""

_UNET = "segmentation."


@dataclass(frozen=True)
class Choices:
    """What is chosen for all rows.

    Attributes:
        preset: of every run.
        budget: see `BUDGETS`.
        size: voxels along every axis; None: the budget's.
        weights: by network, what it starts from (`backbone.weights`); the others from scratch.
        overrides: of every run, over all else; `segmentation.KEY` is one of the U-Nets'.
        cut: images at most of each split, drawn in the classes' proportions; None: all.
    """

    preset: str = "paper"
    budget: BudgetName = "quick"
    size: int | None = None
    weights: Mapping[str, str] | None = None
    overrides: Mapping[str, Any] | None = None
    cut: int | None = None

    def size_of(self, spatial_dims: int) -> int:
        """Return the voxels along every axis of images of so many axes."""
        return self.size or BUDGETS[self.budget].sizes[spatial_dims]

    def divided(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the overrides of a run's configuration, and those of the U-Nets by their keys."""
        every = self.overrides or {}
        of_unets = {key for key in every if key.startswith(_UNET)}
        return (
            {key: value for key, value in every.items() if key not in of_unets},
            {key.removeprefix(_UNET): every[key] for key in of_unets},
        )


@dataclass(frozen=True)
class PlannedRun:
    """One run of one seed; several rows may share it.

    Attributes:
        kind: the whole method, a network alone, or U-Nets and the topology of their masks.
        dataset: its name.
        config: not settled; its seed is the run's.
        segmentation: of the U-Nets; None for the other kinds.
    """

    kind: Kind
    dataset: str
    config: Config
    segmentation: SegmentationConfig | None = None

    def folder_name(self, fingerprint: str) -> str:
        """Return a name that no other run has: of its configuration and its data's fingerprint."""
        facts = [self.kind, fingerprint, self.config.model_dump(mode="json")]
        if self.segmentation is not None:
            facts.append(self.segmentation.model_dump(mode="json"))
        digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
        named = {"method": "topocam", "segmentation": "segment-betti"}
        what = named.get(self.kind, self.config.backbone.name)
        return f"{short_name(self.dataset)}_{what}_seed{self.config.seed}_{digest[:10]}"


@dataclass(frozen=True)
class PlannedRow:
    """A row of the paper on one data set, with what it needs.

    Attributes:
        row: of the paper.
        runs: one a seed.
        method: whose scores of a run are the row's.
    """

    row: Row
    runs: tuple[PlannedRun, ...]
    method: str

    @property
    def dataset(self) -> str:
        """The data set as people read it."""
        return label_of(self.row.place.dataset)


def label_of(dataset: str) -> str:
    """Return a data set's name, of a file its own without its folder: tables are passed on."""
    return dataset.rpartition("/")[2].removesuffix(".npz")


def short_name(dataset: str) -> str:
    """Return a data set's label as a part of a file's name."""
    return re.sub(r"[^\w.-]", "_", label_of(dataset))


def plan_row(row: Row, spatial_dims: int, seeds: Sequence[int], choices: Choices) -> PlannedRow:
    """Return the runs of a row.

    Args:
        row: of the paper.
        spatial_dims: of its data set, 2 or 3.
        seeds: one run each.
        choices: for all rows.

    Raises:
        ConfigError: a setting that is not known, or values out of their range.
    """
    if row.setting not in SETTINGS:
        raise ConfigError(f"setting={row.setting!r} of {row.place}; known: {', '.join(SETTINGS)}")
    planned = _segmentation if row.model == "segment-betti" else _trained_on_labels
    runs = tuple(planned(row, spatial_dims, seed, choices) for seed in seeds)
    return PlannedRow(row, runs, _SCORED.get(row.model, "backbone"))


def _trained_on_labels(row: Row, spatial_dims: int, seed: int, choices: Choices) -> PlannedRun:
    """Return a run of the method or of a network."""
    kind: Kind = "method" if row.model in _SCORED else "network"
    budget = BUDGETS[choices.budget]
    network = USUAL_NETWORK[spatial_dims] if kind == "method" else row.model
    overrides: dict[str, Any] = {
        "size": choices.size_of(spatial_dims),
        "backbone.name": network,
        "backbone.weights": (choices.weights or {}).get(network),
        **budget.every,
        **(budget.method if kind == "method" else budget.networks),
    }
    if kind == "method":
        overrides |= {"search.tau": USUAL_TAU, **SETTINGS[row.setting]}
    own, _ = choices.divided()
    overrides |= own | {"seed": seed}
    return PlannedRun(kind, row.place.dataset, make_config(choices.preset, overrides=overrides))


def _segmentation(row: Row, spatial_dims: int, seed: int, choices: Choices) -> PlannedRun:
    """Return a run of U-Nets and of what their masks show."""
    own, of_unets = choices.divided()
    overrides = {"size": choices.size_of(spatial_dims), "backbone.weights": None} | own
    return PlannedRun(
        "segmentation",
        row.place.dataset,
        make_config(choices.preset, overrides=overrides | {"seed": seed}),
        make_segmentation_config({**BUDGETS[choices.budget].unet, **of_unets}),
    )
