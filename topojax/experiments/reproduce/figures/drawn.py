"""The two kinds of figures, drawn of a run, with the numbers that are drawn."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from topojax.experiments.paper import FigureKind
from topojax.experiments.reproduce.figures.embedding import (
    TSNE_SEED,
    embed,
    perplexity_of,
    roi_vectors,
    whole_vectors,
)
from topojax.report.figures.betti import betti_drawing, curve_bands, curve_thresholds
from topojax.report.figures.embedding import EmbeddingPanel, embedding_drawing
from topojax.report.figures.rendering import Drawing
from topojax.runs import Run


class Drawn(NamedTuple):
    """A figure and its numbers as CSV."""

    drawing: Drawing
    csv: str


def draw_curves(run: Run) -> Drawn:
    """Draw median Betti curves by class with 40 % bands, of a bank's first filtration.

    The CSV has one line a class, region, dimension and threshold: 30th, 50th and 70th percentile.
    """
    filtration, curves = next(iter(run.arrays.curves.items()))
    labels, thresholds = run.labels["test"], curve_thresholds(curves)
    lines: list[tuple[object, ...]] = []
    for c, name in enumerate(run.class_names):
        for region, those in (("roi", curves.rois), ("whole", curves.whole)):
            members = labels == c
            for dim, bands in enumerate(curve_bands(those[members]).transpose(1, 2, 0)):
                lines += [
                    (name, members.sum(), region, dim, threshold, *band)
                    for threshold, band in zip(thresholds, bands, strict=True)
                ]
    heads = ("class", "n", "region", "dimension", "threshold", "p30", "median", "p70")
    drawing, others = betti_drawing(run, filtration), len(run.arrays.curves) - 1
    if others:
        said = f"{drawing.caption} The run's {others} further filtrations are in its report."
        drawing = drawing._replace(caption=said)
    return Drawn(drawing, _csv(heads, lines))


def draw_embeddings(run: Run) -> Drawn:
    """Draw t-SNE of whole images' Betti curves and of ROIs' descriptors.

    The CSV has one line a test image: its place in both panels, and its class.

    Raises:
        DataError: too few images for t-SNE, or all of them alike.
    """
    labels = run.labels["test"]
    whole, rois = (embed(vectors, labels) for vectors in (whole_vectors(run), roi_vectors(run)))
    panels = [
        EmbeddingPanel(f"{name}, silhouette {_shown(found.silhouette)}", found.points)
        for name, found in (("Betti vectors of whole images", whole), ("φ of ROIs", rois))
    ]
    caption = (
        f"t-SNE of the {len(labels)} test images, perplexity {perplexity_of(len(labels)):.3g}, "
        f"seed {TSNE_SEED}, of standardised features. Left: Betti curves of whole images, without "
        "any network. Right: φ, the curves of the ROIs with V', from a network trained on labels. "
        f"Silhouette of the classes: left {_shown(whole.silhouette)}, right "
        f"{_shown(rois.silhouette)}; means over images from −1 to 1, near 0 where classes overlap, "
        "of the standardised features, not of the points: distances between clusters in t-SNE mean "
        f"nothing, nor do their sizes.{_equal(whole.n_distinct, rois.n_distinct, len(labels))}"
    )
    lines = [
        (i, *whole.points[i], *rois.points[i], label, run.class_names[label])
        for i, label in enumerate(labels)
    ]
    heads = ("image", "whole_x", "whole_y", "roi_x", "roi_y", "label", "class")
    drawing = embedding_drawing(panels, labels, run.class_names, caption)
    return Drawn(drawing, _csv(heads, lines))


DRAW: Mapping[FigureKind, Callable[[Run], Drawn]] = {
    "Betti curves": draw_curves,
    "t-SNE": draw_embeddings,
}
"""By what the paper's figure shows."""


def _equal(n_whole: int, n_rois: int, n: int) -> str:
    """Return what is to be said where images lie on one point: fewer are seen than there are."""
    if n_whole == n_rois == n:
        return ""
    return f" Equal features lie on one point: left {n_whole} differ, right {n_rois}, of {n}."


def _shown(silhouette: float | None) -> str:
    return "undefined" if silhouette is None else f"{silhouette:.2f}".replace("-", "−")


def _csv(heads: Iterable[str], lines: Iterable[Iterable[object]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(heads)
    writer.writerows(lines)
    return text.getvalue()
