"""Data sets from records in Python: MONAI's lists of dictionaries, Hugging Face's data sets.

Neither library is needed: a record is a mapping, a split a sequence of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from topojax.config import PrepareConfig
from topojax.data.dataset import Dataset, SplitName
from topojax.data.image_files.dataset import About, dataset_of_rows
from topojax.data.image_files.recorded import recorded_scan
from topojax.data.manifest.problems import Problem, refuse
from topojax.data.manifest.rows import SPLIT_WORDS, Row, in_two_splits
from topojax.data.preparation import Prepared, prepare
from topojax.data.prepared import PreparedImages, gathered
from topojax.data.scale import IntensityScale
from topojax.data.scans import Scan
from topojax.errors import DataError, shown


def read_records(
    records: Any,
    *,
    name: str = "records",
    image: str = "image",
    label: str = "label",
    split: str | None = None,
    group: str | None = None,
    channel_axis: int | None = None,
    spatial_dims: int | None = None,
    prepare: PrepareConfig | None = None,
    size: int | None = None,
    split_seed: int = 0,
    progress: bool = True,
) -> Dataset:
    """Return the data set of records, each a mapping with an image and a label.

    Images are prepared one after the other into a temporary file and mapped from there.

    Args:
        records: a sequence of mappings, such as a list of dictionaries or a Hugging Face `Dataset`;
            or a mapping of split to such sequences (`DatasetDict`, a MONAI data list), whose names
            are train, val and test or as `training`, `validation`, `testing`.
        name: of the data set.
        image, label: keys; images as `recorded_scan` takes them. Labels are names of classes, or
            whole numbers, which the records' own `features` may name.
        split, group: keys, if there are any: as a manifest's columns.
        channel_axis, spatial_dims: of arrays; see `recorded_scan`.
        prepare, size, progress: see `read_manifest`.
        split_seed: of the division where there is no split.

    Raises:
        DataError: there is no record; one lacks a key; or as `read_manifest`.

    Example:
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> records = [
        ...     {"image": rng.random((8, 8)) + (i % 2), "label": ["dark", "bright"][i % 2]}
        ...     for i in range(20)
        ... ]
        >>> data = read_records(records, progress=False)
        >>> data.class_names, data.shape, len(data.train.labels)
        (('bright', 'dark'), (8, 8), 14)
    """
    parts = _parts(records, name)
    keys = {"label": label, "split": split, "group": group}
    # Records are asked for one at a time, twice: some decode their image whenever they are.
    places = {f"record {i}": place for i, place in enumerate(_places(parts))}
    rows = [
        _row(row_name, part[i], told, image, keys) for row_name, (told, part, i) in places.items()
    ]
    if not rows:
        raise DataError(f"{name} has no record; expected one an image")
    refuse(name, [*in_two_splits(rows)])

    def scan_of(row: Row) -> Scan:
        _, part, i = places[row.name]
        return recorded_scan(
            part[i][image], row.name, channel_axis=channel_axis, spatial_dims=spatial_dims
        )

    config = prepare or PrepareConfig()
    gather = partial(gathered_records, scan_of, config, size, name, progress)
    named, class_names = _named(rows, parts[0][1], label)
    about = About(name, name, split_seed, class_names)
    return dataset_of_rows(named, gather, config, about, spatial_dims)


def gathered_records(
    scan_of: Callable[[Row], Scan],
    config: PrepareConfig,
    size: int | None,
    source: str,
    progress: bool,
    rows: Sequence[Row],
) -> PreparedImages:
    """Return the images of rows, prepared into a temporary file; see `prepared_images`."""
    first = _made(scan_of, config, size, None, rows[0])
    scale = first.scale if isinstance(first, Prepared) else None
    images, facts, found = gathered(
        rows,
        first,
        partial(_made, scan_of, config, size, scale),
        None,
        source=source,
        any_spacing=config.spacing is not None,
        progress=progress,
    )
    return PreparedImages(images, facts, found)


def _places(parts: Sequence[tuple[SplitName | None, Any]]) -> Iterator[tuple[Any, Any, int]]:
    for told, part in parts:
        for i in range(len(part)):
            yield told, part, i


def _parts(records: Any, name: str) -> list[tuple[SplitName | None, Any]]:
    """Return pairs of a split, or None, and its records."""
    if not isinstance(records, Mapping):
        return [(None, records)]
    wrong = [key for key in records if str(key).lower() not in SPLIT_WORDS]
    if wrong:
        raise DataError(
            f"{name} has the split {shown(str(wrong[0]))!r}; expected train, val and test: give a "
            "mapping of these alone"
        )
    return [(SPLIT_WORDS[str(key).lower()], part) for key, part in records.items()]


def _row(
    name: str, record: Any, told: SplitName | None, image: str, keys: Mapping[str, str | None]
) -> Row:
    wanted = [image, *(key for key in keys.values() if key is not None)]
    lacking = [key for key in wanted if key not in record]
    if lacking:
        held = shown(", ".join(map(str, record)), 200)
        raise DataError(f"{name} lacks {lacking[0]!r}; it holds {held}")
    own = {role: str(record[key]) for role, key in keys.items() if key is not None}
    split = told
    if "split" in own:
        split = SPLIT_WORDS.get(own["split"].lower())
        if split is None:
            raise DataError(
                f"{name} has the split {shown(own['split'])!r}; expected train, val or test"
            )
    return Row(0, Path(), own["label"], split, own.get("group"), None, name)


def _named(rows: list[Row], part: Any, label: str) -> tuple[list[Row], tuple[str, ...] | None]:
    """Return rows with names of classes, where the records' features name whole numbers."""
    features = getattr(part, "features", None)
    names = getattr(features.get(label), "names", None) if isinstance(features, Mapping) else None
    if not names:
        return rows, None
    unknown = [row for row in rows if row.label not in map(str, range(len(names)))]
    if unknown:
        raise DataError(
            f"{unknown[0].name} has the label {shown(unknown[0].label)!r}; expected 0 to "
            f"{len(names) - 1}, which its features name"
        )
    return [replace(row, label=names[int(row.label)]) for row in rows], tuple(names)


def _made(
    scan_of: Callable[[Row], Scan],
    config: PrepareConfig,
    size: int | None,
    scale: IntensityScale | None,
    row: Row,
) -> Prepared | Problem:
    try:
        return prepare(scan_of(row), config, name=row.name, size=size, scale=scale)
    except DataError as error:
        return Problem(0, "", str(error))
