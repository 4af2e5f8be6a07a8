"""Descriptors of images in files, read one at a time: they may differ in shape, and fill no memory.

Curves of images are comparable on shared thresholds alone. These span the range of all images, so
that each is read twice: for the range, then for its curves.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain, islice
from typing import TypeAlias

import numpy as np

from topojax.config import Config
from topojax.data import Row
from topojax.data.manifest.problems import refuse
from topojax.data.prepared import preparation_in_words
from topojax.errors import ConfigError
from topojax.experiments.features.block import Block
from topojax.experiments.features.described import grids_between, joined_ends, names_of
from topojax.experiments.features.file_blocks import (
    FileTask,
    Read,
    Region,
    Rows,
    curves_of,
    file_task,
    range_of,
    read_files,
)
from topojax.experiments.features.table import Features
from topojax.experiments.features.work import Blocks, Work, block_bounds
from topojax.topology.filtered_images import Grids

_LOGGER = logging.getLogger(__name__)

Find: TypeAlias = Callable[[FileTask, Read], Block]


def file_features(
    rows: Sequence[Row],
    settings: Config,
    *,
    source: str,
    region: Region = "image",
    work: Work | None = None,
) -> Features:
    """Return the descriptors of images in files, on the whole image or on its mask.

    Args:
        rows: of a manifest, a folder or a pattern, at least one.
        settings: of the topology, of how images become voxels, and their size; where they keep the
            shapes that they come in, these may differ.
        source: of the rows, for messages.
        region: `image`, or `mask`: of the voxels in the mask that each row names.
        work: who makes them, and where finished parts are kept; None: this process, and nowhere.

    Raises:
        ConfigError: thresholds by quantiles, which need all images at once.
        DataError: images or masks cannot be used, or images differ in axes, colour or spacing: the
            first row, and how many there are.
        RunError: finished parts cannot be kept, or workers died again and again.
    """
    if settings.topology.grid == "quantile":
        raise ConfigError(
            "topology.grid=quantile needs all images at once, and files are read one at a time; "
            "set topology.grid=fixed, or give an npz file with the array images"
        )
    task = file_task(rows[0], settings, source, region)
    with (work or Work()).opened() as blocks:
        return features_in_blocks(rows, task, blocks, source)


def features_in_blocks(
    rows: Sequence[Row], task: FileTask, blocks: Blocks, source: str
) -> Features:
    """Return the descriptors of files, block by block; see `file_features`."""
    config, names = task.topology, task.topology.filtrations
    placed = [_placed(row) for row in rows] if blocks.executor else rows
    parts = [tuple(placed[some]) for some in block_bounds(len(rows))]
    grids: Grids = dict.fromkeys(names)
    if config.grid == "fixed":
        digests = [task.digest(part, {"of": "range"}) for part in parts]
        found = _found(range_of, task, parts, digests, blocks, source, "range")
        ends = joined_ends([block.found for block in found])
        intensity = "values of filtration 'intensity'"
        grids = grids_between(ends, names, config.n_thresholds, intensity=intensity)
    on = {name: None if grid is None else grid.tolist() for name, grid in grids.items()}
    digests = [task.digest(part, {"of": "curves", "grids": on}) for part in parts]
    curves = partial(curves_of, grids=grids)
    found = _found(curves, task, parts, digests, blocks, source, "curves")
    facts = [one for block in found for one in block.facts]
    _LOGGER.info("%s: %s", source, preparation_in_words(facts, task.prepare))
    matrix = np.concatenate([block.found for block in found])
    columns = names_of(grids, config, task.first.spatial_dims)
    return Features(matrix, columns, grids, tuple(row.name for row in rows))


def _placed(row: Row) -> Row:
    """Return a row whose files are found from any folder."""
    return replace(row, path=row.path.absolute(), mask=row.mask and row.mask.absolute())


def _found(
    find: Find,
    task: FileTask,
    parts: Sequence[Rows],
    digests: Sequence[str],
    blocks: Blocks,
    source: str,
    what: str,
) -> list[Block]:
    """Return what is found in each part of the files, or raise what is wrong with any of them."""
    found = blocks.worked_through(
        partial(_of_rows, find, task),
        parts,
        digests,
        what=f"{source}, {what}",
        here=partial(_of_parts, find, task),
    )
    refuse(source, list(chain.from_iterable(block.problems for block in found)))
    return found


def _of_rows(find: Find, task: FileTask, rows: Rows) -> Block:
    return find(task, read_files(task, rows))


def _of_parts(find: Find, task: FileTask, parts: Sequence[Rows]) -> Iterator[Block]:
    """Yield what is found in each part; files of the next are read meanwhile."""
    read = read_files(task, tuple(chain.from_iterable(parts)))
    for part in parts:
        yield find(task, islice(read, len(part)))
