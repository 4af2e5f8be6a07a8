"""Colour as three channels: alpha that hides nothing goes, other alpha is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from topojax.errors import DataError


def without_alpha(pixels: np.ndarray, path: Path) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return grey or colour pixels without their last channel, alpha, and a note of it.

    Args:
        pixels: (..., C), C of 1 or 3 without alpha, of 2 or 4 with it.
        path: of the file, for the message.

    Returns:
        (...) of grey or (..., 3), and the notes.

    Raises:
        DataError: some pixel is transparent.
    """
    channels = pixels.shape[-1]
    if channels not in (2, 4):
        return (pixels[..., 0] if channels == 1 else pixels), ()
    alpha = pixels[..., -1]
    opaque = np.iinfo(alpha.dtype).max if alpha.dtype.kind in "iu" else 1
    if (alpha != opaque).any():
        raise DataError(
            f"{path} is transparent in {(alpha != opaque).mean():.1%} of its pixels; expected an "
            "opaque image: put it on a background and save it without alpha"
        )
    seen = pixels[..., 0] if channels == 2 else pixels[..., :3]
    return np.ascontiguousarray(seen), ("alpha, opaque everywhere, dropped",)
