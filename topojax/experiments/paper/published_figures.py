"""The paper's figures of results; no numbers of them are published."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

FigureKind = Literal["Betti curves", "t-SNE"]


@dataclass(frozen=True)
class PublishedFigure:
    """One figure.

    Attributes:
        number: the paper's.
        kind: `Betti curves`: medians by class with bands, of ROIs and whole images; `t-SNE`: of
            Betti vectors of whole images and of descriptors of ROIs.
        dataset: that it is of.
    """

    number: int
    kind: FigureKind
    dataset: str


PUBLISHED_FIGURES = (
    PublishedFigure(3, "Betti curves", "synapsemnist3d"),
    PublishedFigure(4, "t-SNE", "synapsemnist3d"),
    PublishedFigure(5, "Betti curves", "nodulemnist3d"),
    PublishedFigure(6, "t-SNE", "nodulemnist3d"),
)
