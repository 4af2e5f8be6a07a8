"""Images of many files, each prepared once and kept in a file that is mapped into memory."""

from topojax.data.prepared.consistency import ImageFacts, differs_in_kind
from topojax.data.prepared.gathering import gathered, made_of
from topojax.data.prepared.images import (
    PreparedImages,
    image_of,
    mask_of,
    prepared_images,
    prepared_masks,
)
from topojax.data.prepared.words import preparation_in_words

__all__ = [
    "ImageFacts",
    "PreparedImages",
    "differs_in_kind",
    "gathered",
    "image_of",
    "made_of",
    "mask_of",
    "preparation_in_words",
    "prepared_images",
    "prepared_masks",
]
