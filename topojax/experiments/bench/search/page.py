"""The record of the search in words."""

from __future__ import annotations

from typing import Any


def markdown(record: dict[str, Any]) -> str:
    """Return the record in words."""
    versions = ", ".join(f"{name} {number}" for name, number in record["versions"].items())
    stages = ", ".join(f"{name} {seconds:.2f} s" for name, seconds in record["stages"].items())
    median = record["median"]
    shape = " x ".join(map(str, record["shape"]))
    topology = record["settings"]["topology"]
    lines = [
        f"# {record['question']}",
        "",
        f"{record['date']}; {record['processors']} processors; {versions}.",
        "",
        f"{record['data']}, {shape}; generations of {record['population']} candidates; "
        f"{', '.join(topology['filtrations'])}, {topology['n_thresholds']} thresholds; at most "
        f"{record['peak_gb']:.1f} GB of memory.",
        "",
        f"- topojax: {1 / median['topojax']:.3g} candidates a second ({stages} a generation); "
        f"a search of {record['population']} x {1 + record['settings']['search']['generations']} "
        f"takes {record['whole_search_minutes']:.1f} minutes.",
    ]
    if median["loop"] is not None:
        lines.append(
            f"- the paper's loop: {1 / median['loop']:.3g} candidates a second "
            f"({len(record['seconds_a_candidate']['loop'])} timed): topojax evaluates "
            f"{record['ratio']:.0f} times as many."
        )
    return "\n".join(lines) + "\n"
