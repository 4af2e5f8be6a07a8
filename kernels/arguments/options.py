"""Checks of options that are one of a few names."""

from __future__ import annotations

from typing import Literal

Construction = Literal["T", "V"]
Background = Literal["exclude", "zero"]


def check_construction(construction: str) -> bool:
    """Return whether voxels are top-dimensional cells.

    Raises:
        ValueError: neither T nor V.
    """
    if construction not in ("T", "V"):
        raise ValueError(f"construction={construction!r}; expected 'T' (voxels are cells) or 'V'")
    return construction == "T"


def check_background(background: str) -> bool:
    """Return whether an image is 0 outside its region, and not absent.

    Raises:
        ValueError: neither exclude nor zero.
    """
    if background not in ("exclude", "zero"):
        raise ValueError(f"background={background!r}; expected 'exclude' or 'zero'")
    return background == "zero"
