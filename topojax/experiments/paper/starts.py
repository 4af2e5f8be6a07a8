"""What the networks of the paper's rows started from."""

from __future__ import annotations

from topojax.experiments.paper.published import PaperTables, Row

SCRATCH = "scratch"
PRETRAINED = {2: "imagenet", 3: "kinetics400"}
"""Weights of networks of images of so many axes (section 4.1), by the names topojax gives them."""

# Section 4.3 names these four; table 2 leaves out the mark of M3T, table 9 all marks.
_FROM_SCRATCH = ("efficientnet3d_b0", "cct3d", "vit3d", "m3t")
# The first needs no network; of the second the paper says nothing.
_WITHOUT = ("topo-original", "segment-betti")


def published_start(tables: PaperTables, row: Row) -> str:
    """Return what the paper's network of a row started from: `scratch`, or weights by name.

    Empty where the row has no network, the paper does not say, or its tables lack the row.
    """
    if not row.numbers or row.model in _WITHOUT:
        return ""
    if row.model in _FROM_SCRATCH or row.setting == "from scratch":
        return SCRATCH
    return PRETRAINED[tables.dataset(row.place.dataset).spatial_dims]
