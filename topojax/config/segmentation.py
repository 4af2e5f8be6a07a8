"""Settings of a U-Net that is trained on masks, which no part of a fit is."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from topojax.config.schema import TrainingConfig
from topojax.config.section import MOST_ROWS


class SegmentationConfig(TrainingConfig):
    """A U-Net, its training on masks, and who predicts which masks (METHOD.md, "Segmentation")."""

    widths: tuple[Annotated[int, Field(ge=1, le=2**12)], ...] = Field(
        (16, 32, 64, 128, 256), min_length=2, max_length=8
    )
    """Channels of the levels, each of half the size of the one before; the last two share one
    size."""
    convolutions: int = Field(2, ge=1, le=8)
    """In each residual unit of the way down."""
    batch_size: int = Field(8, ge=2, le=MOST_ROWS)
    folds: int = Field(3, ge=1, le=100)
    """K > 1: the mask of a training image comes from a network that was trained on the other K - 1
    folds; images of the other splits are read by all K networks. 1: one network reads all images,
    those too that it was trained on."""
