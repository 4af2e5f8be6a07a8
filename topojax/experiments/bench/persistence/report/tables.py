"""Tables of a record; rows of records made before a field was added are read without it."""

from __future__ import annotations

from typing import Any

from topojax.experiments.bench.persistence.peers import NAMES, OURS


def number(value: float) -> str:
    """Return three digits, or whole thousands apart."""
    return f"{value:.3g}" if value < 1000 else f"{value:,.0f}".replace(",", " ")


def _table(head: list[str], rows: list[list[str]]) -> str:
    rule = ["---"] + ["---:"] * (len(head) - 1)
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (head, rule, *rows))


def _cell(theirs: dict[str, float], name: str, ours: float) -> str:
    if name not in theirs:
        return "—"
    return f"{number(theirs[name])} ({number(theirs[name] / ours)})"


def _timed(peers: list[dict[str, float]]) -> list[str]:
    return [name for name in NAMES[1:] if any(name in theirs for theirs in peers)]


def times_table(rows: list[dict[str, Any]]) -> str:
    """Return nanoseconds a voxel of topojax and, with the ratio to it, of every peer timed."""
    names = _timed([row["median"] for row in rows])
    body = [
        [
            f"{row['input']} {row['size']}, {row['dtype']}",
            number(row["median"][OURS]),
            number(row["median"][OURS] / row["floor"]),
            *(_cell(row["median"], name, row["median"][OURS]) for name in names),
        ]
        for row in rows
    ]
    return _table(["ns a voxel", OURS, "× floor", *(f"{name} (ratio)" for name in names)], body)


def _batch_name(row: dict[str, Any]) -> str:
    return f"{row['count']} × {row.get('input', 'smooth')} {row['width']}³"


def threads_table(rows: list[dict[str, Any]]) -> str:
    """Return milliseconds an image of batches on one thread and on two."""
    body = [
        [
            _batch_name(row),
            number(row["one_ms"]),
            number(row["two_ms"]),
            f"{row['ratio']:.2f}",
            *(f"{row[name]:.2f}" if name in row else "—" for name in ("processes", "arithmetic")),
        ]
        for row in rows
    ]
    head = ["batch, ms an image", "one thread", "two threads", "one / two"]
    return _table([*head, "two processes", "arithmetic"], body)


def batches_table(rows: list[dict[str, Any]]) -> str:
    """Return nanoseconds a voxel of batches on one thread, and of the peers' images."""
    rows = [row for row in rows if row.get("peers")]
    names = _timed([row["peers"] for row in rows])
    body = [
        [
            _batch_name(row),
            number(row["ns_per_voxel"]),
            *(_cell(row["peers"], name, row["ns_per_voxel"]) for name in names),
        ]
        for row in rows
    ]
    head = ["batch, one thread, ns a voxel", OURS, *(f"{name} (ratio)" for name in names)]
    return _table(head, body)


def memory_table(rows: list[dict[str, Any]]) -> str:
    """Return the peak of bytes a voxel beyond the input."""
    body = [
        [
            f"{row['input']} {row.get('size') or str(row['width']) + '³'}",
            "not told by this system"
            if row["bytes_per_voxel"] is None
            else number(row["bytes_per_voxel"]),
        ]
        for row in rows
    ]
    return _table(["peak memory beyond the input", "bytes a voxel"], body)


def first_call_table(rows: list[dict[str, Any]]) -> str:
    """Return seconds of a first process and of a later one."""
    body = [[row["call"], f"{row['first_s']:.1f}", f"{row['later_s']:.2f}"] for row in rows]
    return _table(["imports and one call, s", "nothing compiled", "a later process"], body)
