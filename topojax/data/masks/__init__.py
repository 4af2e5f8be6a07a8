"""Masks that somebody drew of the images of a data set, from where its images are."""

from topojax.data.masks.reading import Masks, read_masks

__all__ = ["Masks", "read_masks"]
