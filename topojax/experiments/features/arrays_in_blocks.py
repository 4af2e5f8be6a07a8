"""Descriptors of images in arrays, block by block, each by whoever is free.

The array is written once beside the features, as it is after reading (float32, resized, on one
scale), and mapped by the workers, so that no image goes through a pipe.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from topojax.config import TopologyConfig
from topojax.data.prepared.identity import images_digest
from topojax.defects import check_reads_without_labels, load_method
from topojax.errors import ConfigError
from topojax.experiments.features.block import Block
from topojax.experiments.features.described import (
    described,
    ends_of,
    grids_between,
    joined_ends,
    names_of,
)
from topojax.experiments.features.table import Features
from topojax.experiments.features.work import Blocks, block_bounds
from topojax.files import make_folder
from topojax.pipeline import FittedTopoCAM
from topojax.row_files.row_blocks import row_blocks
from topojax.row_files.shared_rows import share_rows, shared_rows
from topojax.topology import grey_images
from topojax.topology.filtered_images import Grids


def whole_images_in_blocks(
    images: np.ndarray, spatial_dims: int, config: TopologyConfig, blocks: Blocks
) -> Features:
    """Return the descriptors of whole images; see `whole_image_features`.

    Args:
        images: float32 (n, *spatial[, 3]), in memory or mapped.
        spatial_dims: 2 or 3.
        config: with the bank's filtrations one by one.
        blocks: who works through them, with a folder.
    """
    names, settings = config.filtrations, {"topology": config.model_dump(mode="json")}
    shared = _shared(images, block_bounds(len(images)), blocks)
    grids: Grids = dict.fromkeys(names)
    if config.grid == "fixed":
        found = blocks.worked_through(
            partial(_range, shared.file, spatial_dims, names),
            shared.bounds,
            shared.digests(settings | {"of": "range"}),
            what="range",
        )
        ends = joined_ends([block.found for block in found])
        grids = grids_between(ends, names, config.n_thresholds, intensity="images")
    on = {name: None if grid is None else grid.tolist() for name, grid in grids.items()}
    found = blocks.worked_through(
        partial(_curves, shared.file, spatial_dims, grids, config),
        shared.bounds,
        shared.digests(settings | {"of": "curves", "grids": on}),
        what="curves",
    )
    matrix = np.concatenate([block.found for block in found])
    return Features(matrix, names_of(grids, config, spatial_dims), grids)


def rois_in_blocks(
    fitted: FittedTopoCAM, images: np.ndarray, run: Path, blocks: Blocks, names: tuple[str, ...]
) -> Features:
    """Return the descriptors of images on the ROIs of a fitted method; see `roi_features`.

    Args:
        fitted: the method.
        images: float32 (n, *spatial[, 3]), in memory or mapped.
        run: folder that each worker reads the method from.
        blocks: who works through them, with a folder.
        names: of the images' files, or none.
    """
    fitted.check_shape(images)
    check_reads_without_labels(fitted.config)
    shared = _shared(images, list(_batches(fitted, images)), blocks)
    model = images_digest([run], {"of": "rois"})
    found = blocks.worked_through(
        partial(_rois, shared.file, run.absolute(), model),
        shared.bounds,
        shared.digests({"of": "rois", "model": model}),
        what="ROIs",
    )
    matrix = np.concatenate([block.found for block in found])
    columns = names_of(fitted.grids, fitted.config.topology, fitted.spatial_dims)
    return Features(matrix, columns, fitted.grids, names)


@dataclass(frozen=True)
class _Shared:
    """Images in a file, their blocks, and a digest of each one's voxels and place."""

    file: Path
    bounds: Sequence[slice]
    contents: Sequence[str]

    def digests(self, settings: dict[str, Any]) -> list[str]:
        """Return 32 digits of each block and of the settings."""
        head = json.dumps(settings | {"topojax": version("topojax")}, sort_keys=True)
        return [_sha256(head + content) for content in self.contents]


def _shared(images: np.ndarray, bounds: Sequence[slice], blocks: Blocks) -> _Shared:
    if blocks.folder is None:
        raise ConfigError("folder=None; expected one that workers read the images from")
    contents = [_content(images, rows) for rows in bounds]
    file = blocks.folder.absolute() / f"images-{_sha256(''.join(contents))}.npy"
    make_folder(file.parent, "choose another --output")
    share_rows(file, images)
    return _Shared(file, bounds, contents)


def _content(images: np.ndarray, rows: slice) -> str:
    digest = hashlib.sha256(f"{rows.start} {images.shape[1:]} {images.dtype}".encode())
    some = images[rows]
    for part in row_blocks(some.shape):
        digest.update(np.ascontiguousarray(some[part]).data)
    return digest.hexdigest()


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _range(file: Path, spatial_dims: int, names: tuple[str, ...], rows: slice) -> Block:
    """Return the ends of the values of some images."""
    return Block(ends_of(grey_images(shared_rows(file)[rows], spatial_dims), names))


def _curves(
    file: Path, spatial_dims: int, grids: Grids, config: TopologyConfig, rows: slice
) -> Block:
    """Return the descriptors of some whole images."""
    grey = grey_images(shared_rows(file)[rows], spatial_dims)
    return Block(described(grey, None, grids, config))


def _batches(fitted: FittedTopoCAM, images: np.ndarray) -> Iterator[slice]:
    """Yield the batches that the network takes the images in, read all together or one by one."""
    size = fitted.config.cam.batch_size
    for run in fitted.runs_of(images):
        for start in range(run.start, run.stop, size):
            yield slice(start, min(start + size, run.stop))


def _rois(file: Path, run: Path, model: str, rows: slice) -> Block:
    """Return the descriptors of one batch of images on their ROIs."""
    fitted, images = _method(run, model), shared_rows(file)[rows]
    seen = fitted.observe(fitted.filtered(images), fitted.cams(images), first=rows.start)
    return Block(fitted.judge(seen).matrix())


@lru_cache(maxsize=1)
def _method(run: Path, model: str) -> FittedTopoCAM:
    """Return the method of a run, read once by each worker; `model` changes with its files."""
    return load_method(run)
