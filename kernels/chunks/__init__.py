"""Exact Betti curves and persistence pairs of volumes from their chunks, glued in any order.

- `extent`: where a part of a volume lies, and in which faces it meets others.
- `chunk`: a chunk as a volume of its own, by the kernels of the whole.
- `faces`: where it meets the rest of the volume.
- `forest`: components, reduced to what the rest can still change; two parts glued.
- `curves`, `bars`: these put together on thresholds, and without; what callers use.
- `slabs`: planes that come one after the other.
"""

from __future__ import annotations

from .bars import (
    ChunkBars,
    chunk_bars,
    glue_bars,
    persistence_pairs_slabs,
    whole_bars,
)
from .chunk import check_chunk
from .curves import (
    ChunkCurves,
    betti_curves_slabs,
    check_chunk_grid,
    chunk_curves,
    glue_curves,
    whole_curves,
)
from .extent import Extent, check_lengths, chunk_extent, joined
from .forest import Forest

__all__ = [
    "ChunkBars",
    "ChunkCurves",
    "Extent",
    "Forest",
    "betti_curves_slabs",
    "check_chunk",
    "check_chunk_grid",
    "check_lengths",
    "chunk_bars",
    "chunk_curves",
    "chunk_extent",
    "glue_bars",
    "glue_curves",
    "joined",
    "persistence_pairs_slabs",
    "whole_bars",
    "whole_curves",
]
