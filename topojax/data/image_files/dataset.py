"""A data set from a manifest: classes, splits by group, images prepared and mapped from a file."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np

from topojax.config import ManifestConfig, PrepareConfig
from topojax.data.dataset import SPLITS, Dataset, Split, validate_dataset
from topojax.data.manifest.classes import classes_of, labels_of, splits_of
from topojax.data.manifest.rows import Row, read_rows
from topojax.data.prepared import (
    PreparedImages,
    preparation_in_words,
    prepared_images,
    prepared_masks,
)
from topojax.errors import DataError

_LOGGER = logging.getLogger(__name__)


def read_manifest(
    manifest: str | Path,
    *,
    prepare: PrepareConfig | None = None,
    columns: ManifestConfig | None = None,
    size: int | None = None,
    spatial_dims: int | None = None,
    progress: bool = True,
) -> Dataset:
    """Return the data set of a manifest, a CSV table of image files (GUIDE.md, "Your own scans").

    Args:
        manifest: the file; a row an image, with path, label and maybe split and group.
        prepare: how images become voxels of one shape; None: as they are stored.
        columns: names of the columns, and the seed of the split where there is none.
        size: voxels along every axis, where `prepare.shape` is None.
        spatial_dims: 2 or 3, which the images then have to have.
        progress: show a bar on a terminal.

    Raises:
        DataError: in one line, before any image is read: as `read_rows`, `classes_of` and
            `splits_of`; once they are read: as `prepared_images` and `validate_dataset`.
    """
    path, config = Path(manifest), prepare or PrepareConfig()
    settings = columns or ManifestConfig()
    rows = read_rows(path, settings)
    gather = partial(prepared_images, config=config, source=str(path), size=size, progress=progress)
    about = About(path.stem, str(path), settings.split_seed)
    dataset = dataset_of_rows(rows, gather, config, about, spatial_dims)
    _check_masks(rows, config, str(path), size, progress)
    return dataset


@dataclass(frozen=True)
class About:
    """What a data set is called, and how it is divided.

    Attributes:
        name: as a folder may be called.
        source: where it came from, for people.
        split_seed: of the division where rows have no split.
        class_names: in their order; None: sorted.
    """

    name: str
    source: str
    split_seed: int
    class_names: tuple[str, ...] | None = None


def dataset_of_rows(
    rows: Sequence[Row],
    gather: Callable[[Sequence[Row]], PreparedImages],
    prepare: PrepareConfig,
    about: About,
    spatial_dims: int | None,
) -> Dataset:
    """Return the data set of rows, whose images `gather` returns in the order that it is given.

    Raises:
        DataError: as `read_manifest`.
    """
    source = about.source
    class_names = about.class_names or classes_of(rows, source)
    labels = labels_of(rows, class_names, source)
    if len(class_names) < 2:
        raise DataError(f"{source} has one label alone, {class_names[0]!r}; expected two or more")
    splits = splits_of(rows, labels, class_names, seed=about.split_seed, source=source)
    # One split after the other, so that each is one piece of the file.
    order = np.concatenate([splits[split] for split in SPLITS])
    ordered = [rows[i] for i in order]
    found = gather(ordered)
    if spatial_dims not in (None, found.spatial_dims):
        raise DataError(
            f"spatial_dims={spatial_dims}; {source} has images of {found.spatial_dims} axes"
        )
    said = preparation_in_words(found.facts, prepare)
    _LOGGER.info("%s: %s", source, said)
    _LOGGER.info("%s: divided %s", source, _division(rows, about.split_seed))
    ends = np.cumsum([0, *(len(splits[split]) for split in SPLITS)])
    train, val, test = (
        Split(
            found.images[start:end],
            labels[order[start:end]],
            tuple(row.name for row in ordered[start:end]),
        )
        for start, end in pairwise(ends)
    )
    dataset = Dataset(
        name=about.name,
        train=train,
        val=val,
        test=test,
        class_names=class_names,
        spatial_dims=found.spatial_dims,
        source=source,
        scale=found.scale,
        preparation=said,
        division=_division(rows, about.split_seed),
        level="image" if rows[0].group is None else "group",
        spacing=found.facts[0].spacing if prepare.spacing is None else None,
    )
    validate_dataset(dataset)
    return dataset


def _division(rows: Sequence[Row], split_seed: int) -> str:
    if rows[0].split is not None:
        return "as its table says"
    what = "images" if rows[0].group is None else "groups"
    return (
        f"at random within each class, in parts of 70, 10 and 20 percent of its {what} "
        f"(split_seed={split_seed})"
    )


def _check_masks(
    rows: Sequence[Row], prepare: PrepareConfig, source: str, size: int | None, progress: bool
) -> None:
    drawn = [row for row in rows if row.mask is not None]
    if drawn:
        prepared_masks(drawn, prepare, source=source, size=size, progress=progress)
        _LOGGER.info(
            "%s: %d masks, which no part of a fit sees; `topojax features --region mask` does",
            source,
            len(drawn),
        )
