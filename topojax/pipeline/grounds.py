"""What the ROI rule and the classifiers are fitted on: networks and their maps."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np

from topojax.cam import CamStack
from topojax.cam.storage import ArraySpec, CamArrays, open_storage
from topojax.data import Split
from topojax.pipeline.announce import Stopwatch
from topojax.pipeline.cost.running_time import say_running_time
from topojax.pipeline.network import TrainedNetwork
from topojax.pipeline.networks import Networks, fit_networks, training_plan
from topojax.pipeline.plan import FitPlan
from topojax.row_files.row_budget import RowBudget
from topojax.search import LabelledMaps, SearchData
from topojax.topology import (
    FilteredImages,
    filter_images,
    grey_images,
    learn_filtered_images,
)

MapsOf: TypeAlias = Callable[[FitPlan, TrainedNetwork, Split, str, np.ndarray | None], CamStack]
"""The maps that a network has of a split; the last arguments name their folder, and which of the
images are meant: None, all."""

# Rows that are put in order at once.
_ROWS = 64


@dataclass(frozen=True)
class Grounds:
    """What the ROI rule and the classifiers are fitted on.

    Attributes:
        readers: the networks that read images outside the training split.
        train, val: images and labels of the two splits.
        train_cams: maps, logits and embeddings of the training images: of the network that has not
            seen them, where there are folds.
        val_cams: of the validation images, one of each reader.
    """

    readers: tuple[TrainedNetwork, ...]
    train: Split
    val: Split
    train_cams: CamStack
    val_cams: tuple[CamStack, ...]

    def filtered(self, plan: FitPlan) -> tuple[FilteredImages, FilteredImages]:
        """Return the training and validation images under the bank, with the former's grids.

        What exceeds `config.cam.memory_mb` is kept in nameless files of the plan's folder.
        """
        config, dims = plan.config.topology, plan.spatial_dims
        budget = RowBudget(plan.config.cam.memory_mb, plan.folder)
        grey, grey_val = (
            grey_images(split.images, dims, budget=budget) for split in (self.train, self.val)
        )
        train = learn_filtered_images(grey, config, progress=plan.progress, budget=budget)
        return train, filter_images(grey_val, train.grids, config, budget=budget)

    def search_data(self, train: FilteredImages, val: FilteredImages) -> SearchData:
        """Return what a search may see: each validation image once for each reader.

        Args:
            train, val: of `filtered`.
        """
        first, *others = (LabelledMaps(val, cams.maps, self.val.labels) for cams in self.val_cams)
        own = LabelledMaps(train, self.train_cams.maps, self.train.labels)
        return SearchData(own, first, tuple(others))


def class_maps(
    plan: FitPlan,
    network: TrainedNetwork,
    split: Split,
    name: str,
    index: np.ndarray | None = None,
) -> CamStack:
    """Return the maps of a split's predicted classes.

    Args:
        plan: of the fit.
        network: that has the maps.
        split: its images.
        name: of the folder where they are kept.
        index: int (m,), of the images that are meant; None: all.
    """
    return network.cams(
        split.images,
        plan.config.cam,
        index=index,
        folder=plan.folder_of(f"cam_{name}"),
        progress=plan.progress,
    )


def prepare_grounds(
    plan: FitPlan, train: Split, val: Split, maps_of: MapsOf, watch: Stopwatch
) -> Grounds:
    """Fine-tune the networks, and take their maps.

    Args:
        plan: of `plan_fit`, for this training split.
        train: images and labels to fit on.
        val: images and labels to choose by.
        maps_of: the maps of a split, such as `class_maps`.
        watch: of the stages.
    """
    say_running_time(plan, train, val)
    layers = ", ".join(plan.config.cam.layers)
    with watch.stage("backbone", training_plan(plan, len(train.labels))):
        networks = fit_networks(plan, train, val)
    with watch.stage("cam", f"maps of {layers}, {len(train.labels) + len(val.labels)} images"):
        return Grounds(
            networks.readers,
            train,
            val,
            training_maps(plan, networks, train, maps_of),
            maps_by_reader(plan, networks.readers, val, "val", maps_of),
        )


def maps_by_reader(
    plan: FitPlan,
    readers: tuple[TrainedNetwork, ...],
    split: Split,
    name: str,
    maps_of: MapsOf = class_maps,
) -> tuple[CamStack, ...]:
    """Return the maps that each reader has of a split outside the training split."""
    if len(readers) == 1:
        return (maps_of(plan, readers[0], split, name, None),)
    return tuple(
        maps_of(plan, reader, split, f"{name}_{k}", None) for k, reader in enumerate(readers)
    )


def training_maps(
    plan: FitPlan, networks: Networks, train: Split, maps_of: MapsOf = class_maps
) -> CamStack:
    """Return the maps of the training images: of the networks that have not seen them.

    Where there are no folds, of the one network, which has.
    """
    if not networks.held_out:
        return maps_of(plan, networks.readers[0], train, "train", None)
    parts = [
        maps_of(plan, network, train, f"train_{k}", index)
        for k, (network, index) in enumerate(networks.held_out)
    ]
    order = np.concatenate([index for _, index in networks.held_out])
    return _in_order(parts, order, plan.folder_of("cam_train"), plan.config.cam.memory_mb)


def _in_order(
    parts: list[CamStack], order: np.ndarray, folder: Path | None, memory_mb: int
) -> CamStack:
    """Return the folds' rows as one stack: row `order[i]` of it is row i of the parts."""
    starts = np.cumsum([0, *(len(part.logits) for part in parts)])
    places = np.argsort(order)
    owners = np.searchsorted(starts, places, "right") - 1

    def rows(take: Callable[[CamStack], np.ndarray], chunk: slice) -> np.ndarray:
        found = zip(owners[chunk], places[chunk], strict=True)
        return np.stack([take(parts[owner])[place - starts[owner]] for owner, place in found])

    takes = (lambda cams: cams.maps, lambda cams: cams.logits, lambda cams: cams.embeddings)
    n = len(order)
    specs = (ArraySpec((n, *take(parts[0]).shape[1:]), take(parts[0]).dtype) for take in takes)
    with open_storage(CamArrays(*specs), folder, memory_mb, lambda: _digest(parts)) as storage:
        for start in range(storage.n_rows_done, n, _ROWS):
            chunk = slice(start, start + _ROWS)
            storage.append(CamArrays(*(rows(take, chunk) for take in takes)))
        return CamStack(*storage.finish(), parts[0].layers)


def _digest(parts: list[CamStack]) -> str:
    """Return the SHA-256 of the folds' logits, which no two networks share, and their places."""
    digest = hashlib.sha256(repr([part.maps.shape for part in parts]).encode())
    for part in parts:
        digest.update(np.ascontiguousarray(part.logits))
    return digest.hexdigest()
