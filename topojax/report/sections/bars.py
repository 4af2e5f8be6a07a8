"""Where β0, β1, … come from: the longest bars of the examples, and the voxels that make them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from topojax.report.figures.bars import bars_figure
from topojax.report.figures.rendering import PageFigure
from topojax.report.tables import Table
from topojax.report.viewer.payload import roi_levels
from topojax.runs import LastingBars, Run

_TITLES = {2: "Where β1 comes from", 3: "Where β1 and β2 come from"}
_RANKS = ("longest", "2nd", "3rd")


@dataclass(frozen=True)
class BarSection:
    """What the section shows.

    Attributes:
        title: of the section.
        filtration: whose bars they are.
        spatial_dims: 2 or 3.
        has_mean_maps: of several networks; the ROIs are those of the means.
        is_zero_outside: the complex is the whole grid, with 0 outside the ROI.
        figures: of the first example of each class.
        tables: of these.
        others: tables of the other examples.
        missing: a sentence for each reason why bars are not known.
    """

    title: str
    filtration: str
    spatial_dims: int
    has_mean_maps: bool
    is_zero_outside: bool
    figures: list[PageFigure]
    tables: list[Table]
    others: list[Table]
    missing: list[str]


def bar_section(run: Run) -> BarSection | None:
    """Return the longest bars of the examples, or None in folders of older versions."""
    bars, topology, examples = run.arrays.bars, run.arrays.topology, run.arrays.examples
    if bars is None or topology is None:
        return None
    # Where several networks read, the ROI of their mean map is not the one that most of them have.
    regions = [
        roi_levels(fused, tau[np.newaxis]) > 0
        for fused, tau in zip(examples.fused, topology.own_tau, strict=True)
    ]
    examples = replace(examples, masks=np.stack(regions))
    # Where no voxel ever enters, there is no bar.
    having = np.unique(bars.example)
    drawn = having[np.unique(examples.labels[having], return_index=True)[1]]
    tables = [_table(run, bars, row) for row in range(len(examples.labels))]
    return BarSection(
        title=_TITLES[bars.counts.shape[1]],
        filtration=next(iter(run.arrays.curves)),
        spatial_dims=run.environment.data.spatial_dims,
        has_mean_maps=run.has_mean_maps,
        is_zero_outside=run.config.get("topology", {}).get("background") == "zero",
        figures=[bars_figure(examples, bars, int(row), run.class_names) for row in drawn],
        tables=[tables[row] for row in drawn],
        others=[one for row, one in enumerate(tables) if row not in drawn],
        missing=_missing(bars),
    )


def _table(run: Run, bars: LastingBars, row: int) -> Table:
    examples, shape = run.arrays.examples, run.arrays.examples.masks.shape[1:]
    counts = ", ".join(
        f"{count} of β{dim}" for dim, count in enumerate(bars.counts[row]) if count >= 0
    )
    label = run.class_names[int(examples.labels[row])]
    caption = f"Test image {int(examples.index[row])}, {label}: the longest of its bars ({counts})"
    rows = []
    for dim in range(bars.counts.shape[1]):
        chosen = np.flatnonzero((bars.example == row) & (bars.dim == dim))
        for rank, i in enumerate(chosen):
            (birth, death), voxels = bars.ends[i], bars.voxels[i]
            name = _RANKS[rank] if rank < len(_RANKS) else f"{rank + 1}th"
            ends = (f"{birth:.4g}", "never", "∞")
            if np.isfinite(death):
                ends = (f"{birth:.4g}", f"{death:.4g}", f"{death - birth:.4g}")
            rows.append((f"β{dim}, {name}", *ends, *(_place(voxel, shape) for voxel in voxels)))
    heads = ("Bar", "Born at", "Dies at", "Persistence", "Voxel of birth", "Voxel of death")
    return Table(caption, heads, tuple(rows))


def _place(voxel: int, shape: tuple[int, ...]) -> str:
    if voxel < 0:
        return ""
    return ", ".join(str(int(place)) for place in np.unravel_index(voxel, shape))


def _missing(bars: LastingBars) -> list[str]:
    sentences = []
    for reason in sorted(set(bars.missing.ravel().tolist()) - {""}):
        rows, dims = np.nonzero(bars.missing == reason)
        whose = " and ".join(f"β{dim}" for dim in np.unique(dims))
        sentences.append(f"{whose} of {len(np.unique(rows))} of the examples: {reason}.")
    return sentences
