"""The page of a record: what was measured, in tables, and how."""

from __future__ import annotations

import textwrap
from typing import Any

from topojax.experiments.bench.persistence.loops import loops_table
from topojax.experiments.bench.persistence.peers import (
    CC3D,
    CRIPSER_RESTRICTED,
    FLASH,
    GUDHI_2D,
)
from topojax.experiments.bench.persistence.report.tables import (
    batches_table,
    first_call_table,
    memory_table,
    threads_table,
    times_table,
)

_PEERS = {
    CRIPSER_RESTRICTED: """\
- `cripser restricted`: β₀, and in 3-D β₂ (`maxdim=0`, then `top_dim=True`); with the Euler curve,
  not counted here, all that Betti curves need, so that it is the fair opponent.""",
    CC3D: """\
- `cc3d`: the same two by connected components at every threshold.""",
    GUDHI_2D: """\
- `GUDHI 2-D`: `gudhi.sklearn.CubicalPersistence`, which has a path of its own for 2-D images in the
  T-construction. Asked for vertices it takes GUDHI's general one; V is therefore computed by
  Alexander duality, as T of the negated image in a frame, whose making is counted.""",
    FLASH: """\
- `Flash Cubical`: knows V alone; of volumes without β₁ (`h1=False`).""",
}


def _paragraph(text: str) -> str:
    return textwrap.fill(" ".join(text.split()), 100, break_on_hyphens=False)


def _setting(record: dict[str, Any]) -> str:
    settings = record["settings"]
    versions = ", ".join(f"{name} {version}" for name, version in record["versions"].items())
    return _paragraph(
        f"""{record["date"]}, {record["processor"]}, {record["processors"]} processors;
        {versions}. Betti curves at {settings["thresholds"]} thresholds, one thread,
        median of {settings["repeats"]} rounds in turn (fewer where one peer spent
        {settings["budget"]:g} s on one input). Ratios in brackets are to topojax; — was not timed:
        too large for that peer in reasonable time, or not its kind of image. The floor is one
        reading of the input at {record["gb_per_s"]:.1f} GB/s, the measured bandwidth of a copy."""
    )


def _checks(rows: list[dict[str, Any]]) -> str:
    """Say by whom rows without a timed peer were checked."""
    alone = [row for row in rows if not set(row["checked"]) & set(row["median"])]
    thinly, never = (
        ", ".join(f"{row['input']} {row['size']}" for row in alone if bool(row["checked"]) is asked)
        for asked in (True, False)
    )
    text = "Curves of every peer timed were equal to ours on the same input."
    if thinly:
        text += f" By cc3d at every tenth threshold alone: {thinly}."
    if never:
        text += f" Checked by none: {never}."
    return _paragraph(text)


def _threads(gain: float) -> str:
    return _paragraph(
        f"""Ratios are medians over rounds. The last two columns are what a second processor gained
        in the same rounds: for two processes that each compute the batch on one thread, sharing
        nothing but caches and memory, which is the most that threads can gain with this work; and
        for arithmetic in registers alone, which no memory holds up; over all rounds {gain:.2f}."""
    )


def _batches(rows: list[dict[str, Any]]) -> list[str]:
    part = next((row["for_peers"] for row in rows if row.get("peers")), 0)
    if not part:
        return []
    images = "image" if part == 1 else f"{part} images"
    return [
        batches_table(rows),
        _paragraph(f"The other libraries took the first {images} of each batch, one at a time."),
    ]


def _loops(rows: list[dict[str, Any]]) -> list[str]:
    if not rows:
        return []
    return [
        loops_table(rows),
        _paragraph(
            """Persistence pairs of dimension 1 of volumes. cripser computes dimension 0 on the way
            (`maxdim=1`); the ratio is to dimension 1 alone, which is what is asked for. Bars were
            equal before they were timed."""
        ),
    ]


def _single_calls(record: dict[str, Any]) -> list[str]:
    if "single_calls" not in record:
        return []
    row = record["single_calls"]
    return [
        _paragraph(
            f"""One call on one {row["input"]} {row["width"]}³ image takes
            {row["single_us"]:.3g} µs, the same image within one call on all {row["count"]}
            {row["batched_us"]:.3g} µs: a call costs {row["overhead_us"]:.3g} µs of its own (median
            over rounds of the difference, one thread)."""
        )
    ]


def _first_call(rows: list[dict[str, Any]] | dict[str, float]) -> str:
    if isinstance(rows, dict):
        rows = [{"call": "`betti_curves`, 28³", **rows}]
    return first_call_table(rows)


def _roi(roi: dict[str, Any]) -> str:
    return _paragraph(
        f"""A ROI of {roi["share"]:.0%} of smooth {roi["width"]}³ takes {roi["roi_ms"]:.3g} ms, the
        full volume {roi["full_ms"]:.3g} ms: {roi["fraction"]:.0%} of its time."""
    )


def _times(rows: list[dict[str, Any]]) -> list[str]:
    parts = []
    for construction, name in (("T", "voxels are cells"), ("V", "voxels are vertices")):
        chosen = [row for row in rows if row.get("construction", "T") == construction]
        if chosen:
            parts += [f"{construction}-construction, {name}:", times_table(chosen)]
    return parts


def markdown(record: dict[str, Any]) -> str:
    """Return the whole report."""
    parts = [
        f"# {record['question']}",
        _setting(record),
        "\n".join(text for name, text in _PEERS.items() if name not in record["left_out"]),
        *_times(record["rows"]),
        _checks(record["rows"]),
        *_batches(record["threads"]),
        threads_table(record["threads"]),
        _threads(record["second_processor"]),
        *_single_calls(record),
        _roi(record["roi"]),
        *_loops(record.get("loops", [])),
        memory_table(record["memory"]),
        _first_call(record["first_call"]),
        *(f"Left out: {name}, {why}." for name, why in record["left_out"].items()),
    ]
    return "\n\n".join(parts) + "\n"
