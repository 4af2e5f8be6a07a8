"""What is found in some of the files: what whoever describes them is told, and what is read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, TypeAlias

import numpy as np

from topojax.config import Config, PrepareConfig, TopologyConfig
from topojax.data import IntensityScale, Row
from topojax.data.manifest.problems import Problem, refuse
from topojax.data.preparation import Prepared
from topojax.data.prepared import ImageFacts, differs_in_kind, image_of, made_of, mask_of
from topojax.data.prepared.identity import images_digest
from topojax.experiments.features.block import Block
from topojax.experiments.features.described import NO_ENDS, described, ends_of, joined_ends
from topojax.topology import expand_filtrations, grey_images
from topojax.topology.filtered_images import Grids

Region = Literal["image", "mask"]
Rows: TypeAlias = tuple[Row, ...]
Read: TypeAlias = Iterator[tuple[Row, Prepared | Problem]]
"""Rows with their images, or what is wrong with them."""


@dataclass(frozen=True)
class FileTask:
    """What everybody is told who describes some of the files.

    Attributes:
        topology: with the bank's filtrations one by one.
        prepare: how images become voxels.
        size: voxels along every axis, where `prepare.shape` is None.
        region: as of `file_features`.
        scale: of the first image's intensities.
        first: what is known of the first image, which the others are held against.
        whose: its name.
    """

    topology: TopologyConfig
    prepare: PrepareConfig
    size: int | None
    region: Region
    scale: IntensityScale
    first: ImageFacts
    whose: str

    def digest(self, rows: Rows, of: dict[str, Any]) -> str:
        """Return 32 digits of the files of some rows, of what they are told, and of `of`."""
        settings = {
            "topology": self.topology.model_dump(mode="json"),
            "prepare": self.prepare.model_dump(mode="json"),
            "size": self.size,
            "region": self.region,
            "scale": self.scale.to_json(),
            "first": self.first.to_json(),
        }
        masks = [row.mask for row in rows if row.mask is not None and self.region == "mask"]
        paths = [*(row.path for row in rows), *masks]
        return images_digest(paths, settings | of)[:32]


def file_task(row: Row, settings: Config, source: str, region: Region = "image") -> FileTask:
    """Return what everybody is told who describes files of which the first is that of a row.

    Raises:
        DataError: that image cannot be used.
    """
    made = image_of(settings.prepare, settings.size, None, row)
    if isinstance(made, Problem):
        refuse(source, [made])
    assert isinstance(made, Prepared)
    facts = ImageFacts.of(made)
    names = expand_filtrations(settings.topology.filtrations, facts.spatial_dims)
    return FileTask(
        settings.topology.model_copy(update={"filtrations": names}),
        settings.prepare,
        settings.size,
        region,
        # Of bytes beside floats it cannot be known whether they are in one unit.
        made.scale,
        facts,
        str(row),
    )


def range_of(task: FileTask, read: Read) -> Block:
    """Return the ends of the values of some files."""
    problems: list[Problem] = []
    names = task.topology.filtrations
    ends = [np.full((len(names), 2), NO_ENDS)]
    facts = []
    for _, prepared in _usable(task, read, problems):
        ends.append(ends_of(_grey(prepared), names))
        facts.append(ImageFacts.of(prepared))
    return Block(joined_ends(ends), tuple(facts), tuple(problems))


def curves_of(task: FileTask, read: Read, grids: Grids) -> Block:
    """Return the descriptors of some files."""
    problems: list[Problem] = []
    matrices, facts = [], []
    for row, prepared in _usable(task, read, problems):
        masks = None
        if task.region == "mask":
            mask = mask_of(task.prepare, task.size, row)
            if isinstance(mask, Problem):
                problems.append(mask)
                continue
            masks = mask.voxels[None]
        matrices.append(described(_grey(prepared), masks, grids, task.topology))
        facts.append(ImageFacts.of(prepared))
    found = np.concatenate(matrices) if matrices else np.empty((0, 0), np.float32)
    return Block(found, tuple(facts), tuple(problems))


def read_files(task: FileTask, rows: Rows) -> Read:
    """Yield the images of rows, or what is wrong with them, read in threads, a few ahead."""
    make = partial(image_of, task.prepare, task.size, task.scale)
    return made_of(rows, make, "", progress=False)


def _usable(task: FileTask, read: Read, problems: list[Problem]) -> Iterator[tuple[Row, Prepared]]:
    """Yield the images that can be described; add what is wrong with the others to `problems`."""
    any_spacing = task.prepare.spacing is not None
    for row, made in read:
        if isinstance(made, Problem):
            problems.append(made)
            continue
        facts = ImageFacts.of(made)
        said = differs_in_kind(facts, task.first, task.whose, any_spacing=any_spacing)
        if said is None:
            yield row, made
        else:
            problems.append(Problem(row.number, row.name, said))


def _grey(prepared: Prepared) -> np.ndarray:
    return grey_images(prepared.voxels[None], len(prepared.grid.shape))
