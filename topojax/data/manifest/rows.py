"""The rows of a manifest: a CSV table of images, and what is refused of it."""

from __future__ import annotations

import csv
import logging
import os
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from topojax.config import ManifestConfig
from topojax.data.dataset import SplitName
from topojax.data.manifest.problems import Problem, refuse
from topojax.errors import DataError, shown

_LOGGER = logging.getLogger(__name__)

ROLES = ("path", "label", "split", "group", "mask")
SPLIT_WORDS: dict[str, SplitName] = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
    "testing": "test",
}
# In the name of a column that may say whose an image is.
_WHOSE = ("patient", "subject", "case", "person", "participant")


@dataclass(frozen=True)
class Row:
    """One image of a manifest.

    Attributes:
        number: of its line in the file, from 1, the header's; 0 of images without a manifest.
        path: file or folder of the image.
        label: the class as written; "" where there is none.
        split: None where the manifest has no such column.
        group: whose image it is; None where it has no such column.
        mask: file of a mask, or None.
        name: of the image as its table writes it, for people and tables.
    """

    number: int
    path: Path
    label: str
    split: SplitName | None
    group: str | None
    mask: Path | None
    name: str

    def __str__(self) -> str:
        """Return the row as messages name it."""
        return f"row {self.number}: {shown(self.name)}" if self.number else shown(self.name)


def read_rows(manifest: Path, config: ManifestConfig) -> tuple[Row, ...]:
    """Return the rows of a manifest; files are looked for, and not yet read.

    A CSV file with a header, separated by commas, semicolons or tabs, whichever its header has;
    relative paths are of the manifest's folder.

    Args:
        manifest: the file.
        config: names of its columns.

    Raises:
        DataError: it cannot be read, lacks a column, or has no row; or, naming the first row and
            how many there are: no path, a file that is missing, a path that comes twice, a split
            of another name, or none where others have one, no group where others have one, or a
            group in two splits.
    """
    header, table = _table(manifest)
    columns = _columns(manifest, header, config)
    _say_unused(manifest, header, columns)
    found = [_row(manifest.parent, number, cells, columns) for number, cells in table]
    rows = [one for one in found if isinstance(one, Row)]
    problems = [one for one in found if isinstance(one, Problem)]
    problems += [*_twice(rows), *in_two_splits(rows)]
    refuse(str(manifest), sorted(problems, key=lambda problem: problem.number))
    return tuple(rows)


def columns_there(manifest: Path, config: ManifestConfig) -> ManifestConfig:
    """Return the names of columns that a manifest has, where it need not have those of another.

    Raises:
        DataError: it cannot be read.
    """
    header, _ = _table(manifest)
    absent = {role: None for role in ROLES if getattr(config, role) not in header}
    return config.model_copy(update=absent)


def _table(manifest: Path) -> tuple[list[str], list[tuple[int, dict[str, str]]]]:
    """Return the header, and cells by column of each line that is not blank."""
    try:
        with manifest.open(newline="", encoding="utf-8-sig") as file:
            start = file.readline()
            file.seek(0)
            separator = max(",;\t", key=start.count)
            reader = csv.reader(file, delimiter=separator, strict=True)
            header = [cell.strip() for cell in next(reader, [])]
            lines = [(reader.line_num, line) for line in reader if any(map(str.strip, line))]
    except OSError as error:
        raise DataError(f"{manifest} cannot be read: {error.strerror}; check the path") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{manifest} cannot be read as CSV ({error}); save it as UTF-8") from None
    twice = [name for name in header if header.count(name) > 1 and name]
    if twice:
        raise DataError(f"{manifest} has two columns {shown(twice[0])!r}; rename one")
    if not lines:
        raise DataError(f"{manifest} has no row below its header; expected one an image")
    for number, line in lines:
        if len(line) != len(header):
            raise DataError(
                f"{manifest}, row {number}: {len(line)} cells, and {len(header)} in the header; "
                "quote cells that hold the separator"
            )
    return header, [
        (number, dict(zip(header, map(str.strip, line), strict=True))) for number, line in lines
    ]


def _columns(manifest: Path, header: list[str], config: ManifestConfig) -> dict[str, str]:
    """Return the column of each role that the manifest has."""
    columns = {}
    for role in ROLES:
        told = getattr(config, role)
        name = told if told is not None else role
        if name in header:
            columns[role] = name
        elif told is not None or role == "path":
            held = shown(", ".join(header), 200) or "nothing"
            raise DataError(
                f"{manifest} has no column {shown(name)!r}; its header holds {held}; say which is "
                f"the {role} by --column {role}=NAME (manifest.{role})"
            )
    return columns


def _say_unused(manifest: Path, header: list[str], columns: Mapping[str, str]) -> None:
    unused = [name for name in header if name and name not in columns.values()]
    whose = [name for name in unused if any(word in name.lower() for word in _WHOSE)]
    if whose and "group" not in columns:
        _LOGGER.warning(
            "%s: the column %s is not used; if it says whose an image is, give --column group=%s, "
            "so that nobody is in two splits",
            manifest,
            shown(whose[0]),
            shown(whose[0]),
        )
    elif unused:
        _LOGGER.info("%s: not used: %s", manifest, shown(", ".join(unused), 200))


def _row(
    folder: Path, number: int, cells: Mapping[str, str], columns: Mapping[str, str]
) -> Row | Problem:
    def cell(role: str) -> str | None:
        return cells[columns[role]] if role in columns else None

    written = cell("path") or ""
    if not written:
        return Problem(number, "no path", f"the column {columns['path']} is empty")
    mask = cell("mask") or None
    for name in filter(None, (written, mask)):
        if not _exists(folder / name):
            return Problem(
                number, shown(name), "does not exist; paths are of the manifest's folder"
            )
    split = cell("split")
    if split is not None and split.lower() not in SPLIT_WORDS:
        told = f"has the split {shown(split)!r}" if split else "has no split"
        return Problem(number, shown(written), f"{told}; expected train, val or test")
    group = cell("group")
    if group == "":
        return Problem(number, shown(written), f"has no group in the column {columns['group']}")
    return Row(
        number,
        folder / written,
        cell("label") or "",
        None if split is None else SPLIT_WORDS[split.lower()],
        group,
        None if mask is None else folder / mask,
        written,
    )


def _exists(path: Path) -> bool:
    # Unlike pathlib, it answers False for a name that the system finds too long.
    return "\0" not in str(path) and os.path.exists(path)


def _twice(rows: list[Row]) -> Iterator[Problem]:
    first: dict[str, Row] = {}
    for row in rows:
        place = os.path.realpath(row.path)
        earlier = first.setdefault(place, row)
        if earlier is not row:
            yield Problem(
                row.number, shown(row.name), f"is row {earlier.number}'s image as well; keep one"
            )


def in_two_splits(rows: Sequence[Row]) -> Iterator[Problem]:
    """Yield the rows whose group is in another split as well."""
    splits: dict[str, dict[str, Row]] = defaultdict(dict)
    for row in rows:
        if row.group is not None and row.split is not None:
            held = splits[row.group]
            if row.split not in held and held:
                other = next(iter(held.values()))
                yield Problem(
                    row.number,
                    shown(row.name),
                    f"of group {shown(row.group)!r} is in {row.split}, {_place(other)} of the "
                    f"same group in {other.split}; expected each group in one split",
                )
            held.setdefault(row.split, row)


def _place(row: Row) -> str:
    return f"row {row.number}" if row.number else shown(row.name)
