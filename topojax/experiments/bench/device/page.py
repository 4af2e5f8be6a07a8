"""The record of a device as a page."""

from __future__ import annotations

from typing import Any

from topojax.experiments.bench.device.timing import N_THRESHOLDS


def markdown(record: dict[str, Any]) -> str:
    """Return the record as a page."""
    columns = list(dict.fromkeys(name for row in record["rows"] for name in row["ns_a_voxel"]))
    lines = [
        f"# {record['question']}",
        "",
        f"{record['date']}; {record['platform']}: {record['device']}; {record['processor']}; "
        f"{record['processors']} processors; {N_THRESHOLDS} thresholds, medians of "
        f"{record['repeats']} rounds in turn, ns a voxel; in brackets how many times as long as "
        "the kernel on one thread; "
        + ", ".join(f"{name} {number}" for name, number in record["versions"].items())
        + f"; {record['bandwidth']:.1f} GB/s read and written. {record['missing']}",
        "",
        f"| ns a voxel | {' | '.join(columns)} | bytes of Betti curves | ns to move them "
        "| compiled in, s |",
        f"|---|{'---:|' * (len(columns) + 3)}",
    ]
    for row in record["rows"]:
        ns = row["ns_a_voxel"]
        cells = []
        for name in columns:
            kernel = ns.get(f"{name}, kernel")
            times = f" ({ns[name] / kernel:.1f})" if kernel and name in ns else ""
            cells.append(f"{ns[name]:.3g}{times}" if name in ns else "")
        moved = row["bytes_a_voxel"]["Betti curves"]
        cells += [f"{moved:.0f}", f"{moved / record['bandwidth']:.3g}"]
        cells += [f"{row['compile_s']['Betti curves']:.1f}"]
        lines.append(f"| {row['images']} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"
