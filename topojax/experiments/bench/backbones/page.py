"""The record of the backbones as a table."""

from __future__ import annotations

from typing import Any

from topojax.experiments.bench.backbones.plans import BY_LAYER, OURS, TORCH


def markdown(record: dict[str, Any]) -> str:
    """Return the record as a table."""
    versions = ", ".join(f"{name} {number}" for name, number in record["versions"].items())
    lines = [
        f"# {record['question']}",
        "",
        f"{record['date']}; {record['device']}; {versions}; {record['threads']}; "
        f"{record['settings']['precision']}; medians of {record['settings']['repeats']} rounds in "
        f"turn, milliseconds an image. By layer: {record['grad_cam']}.",
        "",
        "| network | images | batch | task | topojax | torch | torch by layer | of torch's | "
        "target | MB |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in record["rows"]:
        median, ratio = row["median"], row["ratio"]
        compared = BY_LAYER if BY_LAYER in record["settings"]["targets"][row["task"]] else TORCH
        by_layer = f"{median[BY_LAYER]:.3g}" if BY_LAYER in median else ""
        ratios = " / ".join(f"{ratio[name]:.2f}" for name in (TORCH, BY_LAYER) if name in ratio)
        target = record["settings"]["targets"][row["task"]][compared]
        verdict = "missed" if row["missed"] else "met"
        memory = ", ".join(f"{name} {number:.0f}" for name, number in row["megabytes"].items())
        lines.append(
            f"| {row['network']} | {row['size']} | {row['batch']} | {row['task']} | "
            f"{median[OURS]:.3g} | {median[TORCH]:.3g} | {by_layer} | {ratios} | "
            f"≤ {target:.2g} {'by layer ' if compared == BY_LAYER else ''}{verdict} | {memory} |"
        )
    return "\n".join(lines) + "\n"
