"""The record of stored maps as a page."""

from __future__ import annotations

from typing import Any

import numpy as np

from topojax.experiments.bench.cam.reading import FOLD_SEEDS
from topojax.experiments.bench.cam.running import LAYERS


def markdown(record: dict[str, Any]) -> str:
    """Return the record as a page."""
    versions = ", ".join(f"{name} {number}" for name, number in record["versions"].items())
    lines = [
        f"# {record['question']}",
        "",
        f"{record['date']}; {versions}; {len(record['rules'])} rules (weights and τ), Grad-CAM of "
        f"{', '.join(LAYERS)}, training images. Mean and worst over images and rules, against "
        "float32: Jaccard index of the ROIs, share of ROIs that are the same, change of the ROI's "
        "size, Σ|Δβ| / Σβ of the Betti curves; change of the cross-validated AUC, mean and largest "
        f"over rules and {len(FOLD_SEEDS)} seeds of the folds. In float32 the AUC moves by “seed” "
        "(mean standard deviation) with the seed of the folds.",
        "",
        "| network | images | stored as | bytes an image | Jaccard | same ROI | size "
        "| Betti curves | AUC in float32 (seed) | change of AUC |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for case in record["cases"]:
        lines += table_rows(case)
    return "\n".join(lines) + "\n"


def table_rows(case: dict[str, Any]) -> list[str]:
    """Return the rows of one case, one a storage."""
    images = f"{case['n']} {case['data']}, {'×'.join(map(str, case['shape']))}"
    aucs = np.array(case["auc"])
    rows = []
    for name, by_rule in case["differences"].items():
        change = np.abs([one["auc"] for one in by_rule])
        mean = {
            key: np.mean([one[key]["mean"] for one in by_rule])
            for key in ("jaccard", "size", "betti")
        }
        worst_jaccard = min(one["jaccard"]["worst"] for one in by_rule)
        worst = {key: max(one[key]["worst"] for one in by_rule) for key in ("size", "betti")}
        cells = (
            case["network"],
            images,
            name,
            str(case["bytes"][name]),
            f"{mean['jaccard']:.4f}, {worst_jaccard:.3f}",
            f"{100 * np.mean([one['same'] for one in by_rule]):.1f} %",
            *(f"{100 * mean[key]:.2f} %, {100 * worst[key]:.1f} %" for key in ("size", "betti")),
            f"{aucs.mean():.3f} ({aucs.std(axis=1).mean():.4f})",
            f"{change.mean():.4f}, {change.max():.4f}",
        )
        rows.append(f"| {' | '.join(cells)} |")
    return rows
