"""Tables and the figure of the comparison of Betti curves."""

from __future__ import annotations

import io
import textwrap
from typing import Any

import matplotlib
from matplotlib.figure import Figure

from topojax.experiments.bench.persistence.peers import NAMES, OURS

# Colour-blind safe (Okabe and Ito), ours in black.
_COLOURS = ("#000000", "#0072b2", "#56b4e9", "#d55e00", "#e69f00", "#009e73", "#cc79a7")
_MARKERS = "os^vDPX"

_PEERS = """- `cripser restricted`: β₀, and in 3-D β₂ (`maxdim=0`, then `top_dim=True`); with the
  Euler curve, not counted here, all that Betti curves need, so that it is the fair opponent.
- `cc3d`: the same two by connected components at every threshold.
- `GUDHI 2-D`: `gudhi.sklearn.CubicalPersistence`, which has a path of its own for 2-D images."""


def _figure_of(value: float) -> str:
    return f"{value:.3g}" if value < 1000 else f"{value:,.0f}".replace(",", " ")


def _table(head: list[str], rows: list[list[str]]) -> str:
    rule = ["---"] + ["---:"] * (len(head) - 1)
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (head, rule, *rows))


def _cell(row: dict[str, Any], name: str) -> str:
    if name not in row["median"]:
        return "—"
    ns = row["median"][name]
    return f"{_figure_of(ns)} ({_figure_of(ns / row['median'][OURS])})"


def times_table(rows: list[dict[str, Any]]) -> str:
    """Return nanoseconds a voxel of topojax and, with the ratio to it, of every peer timed."""
    names = [name for name in NAMES[1:] if any(name in row["median"] for row in rows)]
    body = [
        [
            f"{row['input']} {row['size']}, {row['dtype']}",
            _figure_of(row["median"][OURS]),
            _figure_of(row["median"][OURS] / row["floor"]),
            *(_cell(row, name) for name in names),
        ]
        for row in rows
    ]
    return _table(["ns a voxel", OURS, "× floor", *(f"{name} (ratio)" for name in names)], body)


def threads_table(rows: list[dict[str, Any]]) -> str:
    """Return milliseconds an image of batches on one thread and on two."""
    body = [
        [
            f"{row['count']} × {row['width']}³",
            _figure_of(row["one_ms"]),
            _figure_of(row["two_ms"]),
            f"{row['ratio']:.2f}",
        ]
        for row in rows
    ]
    return _table(["batch, ms an image", "one thread", "two threads", "one / two"], body)


def memory_table(rows: list[dict[str, Any]]) -> str:
    """Return the peak of bytes a voxel beyond the input."""
    body = [
        [
            f"{row['input']} {row['width']}³",
            "not told by this system"
            if row["bytes_per_voxel"] is None
            else _figure_of(row["bytes_per_voxel"]),
        ]
        for row in rows
    ]
    return _table(["peak memory beyond the input", "bytes a voxel"], body)


def _paragraph(text: str) -> str:
    return textwrap.fill(" ".join(text.split()), 100, break_on_hyphens=False)


def _setting(record: dict[str, Any]) -> str:
    settings = record["settings"]
    versions = ", ".join(f"{name} {version}" for name, version in record["versions"].items())
    return _paragraph(
        f"""{record["date"]}, {record["processor"]}, {record["processors"]} processors;
        {versions}. Betti curves at {settings["thresholds"]} thresholds in the T-construction, one
        thread, median of {settings["repeats"]} rounds in turn (fewer where one peer spent
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


def _second_processor(gain: float) -> str:
    return _paragraph(
        f"""Arithmetic in registers alone, which no memory holds up, gains {gain:.2f} from a second
        thread on this machine."""
    )


def _first_call(seconds: dict[str, float]) -> str:
    return _paragraph(
        f"""Importing the kernels and computing the curves of one 28³ volume takes
        {seconds["first_s"]:.1f} s where nothing is compiled yet, {seconds["later_s"]:.2f} s in a
        later process."""
    )


def _roi(roi: dict[str, Any]) -> str:
    return _paragraph(
        f"""A ROI of {roi["share"]:.0%} of smooth {roi["width"]}³ takes {roi["roi_ms"]:.3g} ms, the
        full volume {roi["full_ms"]:.3g} ms: {roi["fraction"]:.0%} of its time."""
    )


def markdown(record: dict[str, Any]) -> str:
    """Return the whole report."""
    parts = [
        f"# {record['question']}",
        _setting(record),
        _PEERS,
        times_table(record["rows"]),
        _checks(record["rows"]),
        threads_table(record["threads"]),
        _second_processor(record["second_processor"]),
        _roi(record["roi"]),
        memory_table(record["memory"]),
        _first_call(record["first_call"]),
        *(f"Left out: {name}, {why}." for name, why in record["left_out"].items()),
    ]
    return "\n\n".join(parts) + "\n"


def _lines(rows: list[dict[str, Any]], name: str) -> tuple[list[int], list[float]]:
    timed = sorted((row["voxels"], row["median"][name]) for row in rows if name in row["median"])
    return [voxels for voxels, _ in timed], [1e-9 * voxels * ns for voxels, ns in timed]


def draw(rows: list[dict[str, Any]]) -> bytes:
    """Draw seconds against voxels of smooth and noise cubes, one line a library, and the floor.

    Returns:
        A PNG.
    """
    image = io.BytesIO()
    with matplotlib.rc_context({"font.size": 9, "axes.spines.top": False, "axes.grid": True}):
        figure = Figure(figsize=(8, 3.6), layout="constrained")
        panels = figure.subplots(1, 2, sharey=True)
        for panel, kind in zip(panels, ("smooth", "noise"), strict=True):
            cubes = [row for row in rows if row["input"] == kind and row["rank"] == 3]
            for name, colour, marker in zip(NAMES, _COLOURS, _MARKERS, strict=True):
                voxels, seconds = _lines(cubes, name)
                if voxels:
                    panel.loglog(voxels, seconds, color=colour, marker=marker, ms=4, label=name)
            if cubes:
                voxels = [row["voxels"] for row in cubes]
                floor = [1e-9 * row["voxels"] * row["floor"] for row in cubes]
                panel.loglog(voxels, floor, "--", color="#999999", label="one reading of the input")
            panel.set(title=kind, xlabel="voxels")
            panel.grid(alpha=0.3)
        panels[0].set_ylabel("seconds")
        figure.legend(
            *panels[0].get_legend_handles_labels(), loc="outside right center", frameon=False
        )
        figure.savefig(image, format="png", dpi=150)
    return image.getvalue()
