"""Tables of labels as publishers write them: CSV files with a header."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from topojax.errors import DataError, shown


def find_table(root: Path, name: str) -> Path | None:
    """Return the file of this name in a folder or below it, or None.

    Raises:
        DataError: there are several.
    """
    found = sorted(root.rglob(name))
    if len(found) > 1:
        raise DataError(
            f"{root} holds {len(found)} files {name}, {found[0]} and {found[1]} among them; "
            "expected one; keep the one that belongs to the images"
        )
    return found[0] if found else None


def read_table(path: Path, columns: Sequence[str]) -> list[tuple[str, ...]]:
    """Return some columns of a CSV file, one tuple a row, without blanks at the ends.

    Raises:
        DataError: it cannot be read, lacks a column, or has no row.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, restval="", strict=True)
            header, rows = reader.fieldnames or (), list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} cannot be read as CSV ({error}); get it again") from None
    missing = [column for column in columns if column not in header]
    if missing:
        held = shown(", ".join(header)) or "nothing"
        raise DataError(f"{path} lacks the column {missing[0]}; its header holds {held}")
    if not rows:
        raise DataError(f"{path} has a header and no row; get it again")
    return [tuple(row[column].strip() for column in columns) for row in rows]


def labels_by_scan(
    rows: Sequence[tuple[str, str]], classes: dict[str, int], path: Path
) -> dict[str, int]:
    """Return labels by the name of what they are of.

    Args:
        rows: pairs of a name and a class as the table writes it.
        classes: labels by that.
        path: of the table, for messages.

    Raises:
        DataError: a class that is none of `classes`, or a name that comes twice.
    """
    labels: dict[str, int] = {}
    for name, written in rows:
        if written not in classes:
            raise DataError(
                f"{path} gives {shown(name)} the label {shown(written)!r}; expected "
                f"{' or '.join(classes)}"
            )
        if name in labels:
            raise DataError(f"{path} labels {shown(name)} twice; expected one row each")
        labels[name] = classes[written]
    return labels
