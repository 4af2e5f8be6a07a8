"""Masks as they are taken: true or false at every voxel of their images."""

from __future__ import annotations

import numpy as np

from topojax.errors import DataError
from topojax.masked import refuse_masked


def validate_masks(masks: np.ndarray, shape: tuple[int, ...], *, name: str) -> np.ndarray:
    """Return masks as bool (n, *spatial).

    Args:
        masks: bool, or numbers that are 0 or 1; (n, *spatial) or (n, *spatial, 1).
        shape: (n, *spatial), of the images that they go with.
        name: of the argument, for the message.

    Raises:
        DataError: masked values, another shape, or values other than 0 and 1, such as NaN or the
            numbers of several classes.
    """
    refuse_masked(masks, name)
    array = np.asarray(masks)
    if array.shape == (*shape, 1):
        array = array[..., 0]
    if array.shape != shape:
        raise DataError(
            f"{name} has shape {np.shape(masks)}; expected {shape}, one voxel a voxel of the images"
        )
    if array.dtype == np.bool_:
        return array
    if array.dtype.kind not in "uif":
        raise DataError(f"{name} has dtype {array.dtype}; expected bool, or numbers 0 and 1")
    other = (array != 0) & (array != 1)
    if other.any():
        raise DataError(
            f"{name} holds {array[other][0]} (sample {np.argwhere(other)[0][0]}); expected 0 and 1 "
            f"alone, so choose a class, such as {name} == 1, or all of them by {name} > 0"
        )
    return array.astype(bool)


def check_foreground(masks: np.ndarray, *, name: str) -> None:
    """Refuse masks to learn from, bool (n, *spatial), of which none has a voxel.

    Raises:
        DataError: they have none.
    """
    if not masks.any():
        raise DataError(
            f"{name} have no foreground in any of {len(masks)} images; a network learns nothing "
            "but the background, so give masks of what is to be found"
        )
