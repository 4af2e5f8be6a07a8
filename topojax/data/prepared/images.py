"""Images and masks of files, each prepared once and from then on mapped from a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from topojax.config import PrepareConfig
from topojax.data.manifest.problems import Problem
from topojax.data.manifest.rows import Row
from topojax.data.preparation import Prepared, prepare, prepare_mask
from topojax.data.prepared.consistency import ImageFacts
from topojax.data.prepared.gathering import gathered
from topojax.data.prepared.identity import images_digest
from topojax.data.scale import AS_MADE, IntensityScale
from topojax.data.scans import read_scan
from topojax.errors import DataError


@dataclass(frozen=True)
class PreparedImages:
    """n images of one shape.

    Attributes:
        images: float32 (n, *spatial) or (n, *spatial, 3), mapped from a file, not to be written to.
        facts: of each image.
        scale: how stored values became intensities.
    """

    images: np.ndarray
    facts: tuple[ImageFacts, ...]
    scale: IntensityScale

    @property
    def spatial_dims(self) -> int:
        """2 for images, 3 for volumes."""
        return self.facts[0].spatial_dims


def prepared_images(
    rows: Sequence[Row],
    config: PrepareConfig,
    *,
    source: str,
    size: int | None = None,
    scale: IntensityScale | None = None,
    progress: bool = True,
) -> PreparedImages:
    """Return the images of rows, each read once: from then on they come from the user's cache.

    A call that was killed goes on where it was. Beside the rows at hand, nothing is in memory.

    Args:
        rows: at least one.
        config: how images become voxels of a method.
        source: of the rows, for messages.
        size: voxels along every axis, where `config.shape` is None.
        scale: of the images that these go with; None: the first sets it.
        progress: show a bar on a terminal.

    Raises:
        DataError: an image cannot be read or prepared, or does not go with the first one (another
            number of axes, spacing or shape): the first row, and how many there are.
        RunError: there is no space for the images.
    """
    first = image_of(config, size, scale, rows[0])
    # What is wrong with the first one is raised with all else that is.
    scale = first.scale if isinstance(first, Prepared) else scale or AS_MADE
    settings = config.model_dump(mode="json") | {"size": size, "of": "images"}
    settings["scale"] = scale.to_json()
    images, facts, scales = gathered(
        rows,
        first,
        partial(image_of, config, size, scale),
        images_digest([row.path for row in rows], settings),
        source=source,
        any_spacing=config.spacing is not None,
        progress=progress,
    )
    return PreparedImages(images, facts, scales)


def prepared_masks(
    rows: Sequence[Row],
    config: PrepareConfig,
    *,
    source: str,
    size: int | None = None,
    progress: bool = True,
) -> np.ndarray:
    """Return the masks of rows on the grids of their images, bool (n, *spatial), mapped as those.

    Raises:
        DataError: a row has no mask, or one that is empty or of another grid; and as
            `prepared_images`.
        RunError: there is no space for them.
    """
    paths: list[Path] = []
    for row in rows:
        paths += [row.path, *([row.mask] if row.mask is not None else [])]
    settings = config.model_dump(mode="json") | {"size": size, "of": "masks"}
    masks, _, _ = gathered(
        rows,
        mask_of(config, size, rows[0]),
        partial(mask_of, config, size),
        images_digest(paths, settings),
        source=f"{source}, masks",
        any_spacing=config.spacing is not None,
        progress=progress,
    )
    return masks


def image_of(
    config: PrepareConfig, size: int | None, scale: IntensityScale | None, row: Row
) -> Prepared | Problem:
    """Return the prepared image of a row, or why it cannot be read or prepared."""
    try:
        scan = read_scan(row.path)
        return prepare(scan, config, name=str(row.path), size=size, scale=scale)
    except DataError as error:
        return Problem(row.number, "", str(error))


def mask_of(config: PrepareConfig, size: int | None, row: Row) -> Prepared | Problem:
    """Return the mask of a row on the grid of its prepared image, or why there is none."""
    if row.mask is None:
        return Problem(row.number, row.name, "has no mask; fill it in, or leave the row out")
    try:
        drawn, image = read_scan(row.mask), read_scan(row.path)
        return prepare_mask(drawn, image, config, name=str(row.mask), size=size)
    except DataError as error:
        return Problem(row.number, "", str(error))
