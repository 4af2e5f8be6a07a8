"""The Betti error of segmentations (Hu et al. 2019, "Topology-Preserving Deep Image Segmentation").

The metric of that literature compares Betti numbers on patches, since a segmentation with one hole
too many and one too few has the right numbers as a whole.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from topojax.errors import DataError
from topojax.kernels import betti_curves_batch
from topojax.kernels.arguments import Construction


def betti_error(
    prediction: Any,
    reference: Any,
    patch: int | tuple[int, ...] | None = None,
    construction: Construction = "T",
) -> float:
    """Return the mean over dimensions and patches of |β - β'|.

    Args:
        prediction, reference: masks of one shape, bool, (H, W) or (D, H, W).
        patch: voxels along each axis of patches that do not overlap, the last ones cut off where
            the image ends; None: the whole image.
        construction: `T`, voxels of the foreground touch by corners; `V`, by faces.

    Raises:
        DataError: masks that are not bool or of different shapes, or a patch below 1 voxel.

    Example:
        >>> import numpy as np
        >>> from topojax.topology import betti_error
        >>> ring = np.array([[1, 1, 1], [1, 0, 1], [1, 1, 1]], bool)
        >>> betti_error(np.ones((3, 3), bool), ring)  # one loop of β₀ = 1, β₁ = 1 is missed
        0.5
    """
    masks = [np.asarray(mask) for mask in (prediction, reference)]
    shape, lengths = check_masks(masks[0], masks[1], patch)
    inside = patches(np.ones(shape, bool), lengths)
    numbers = [
        betti_curves_batch(
            (~patches(mask, lengths)).astype(np.uint8), [0], masks=inside, construction=construction
        )
        for mask in masks
    ]
    return float(np.abs(numbers[0] - numbers[1]).mean())


def check_masks(
    prediction: Any, reference: Any, patch: int | tuple[int, ...] | None
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the masks' shape and that of a patch.

    Raises:
        DataError: as `betti_error`.
    """
    for name, mask in (("prediction", prediction), ("reference", reference)):
        if mask.dtype != bool:
            raise DataError(f"{name} is {mask.dtype}; expected bool, such as {name} > 0.5")
    shape = tuple(prediction.shape)
    if tuple(reference.shape) != shape:
        raise DataError(f"prediction has shape {shape}, reference {tuple(reference.shape)}")
    if len(shape) not in (2, 3) or 0 in shape:
        raise DataError(f"prediction has shape {shape}; expected (H, W) or (D, H, W) voxels")
    lengths = shape if patch is None else patch
    lengths = (lengths,) * len(shape) if isinstance(lengths, int) else tuple(lengths)
    if len(lengths) != len(shape) or min(lengths) < 1:
        raise DataError(
            f"patch={patch}; expected a number above 0, or one for each of {len(shape)} axes"
        )
    return shape, tuple(min(pair) for pair in zip(lengths, shape, strict=True))


def patches(mask: Any, lengths: tuple[int, ...]) -> Any:
    """Return the patches of a mask (*shape), numpy's or jax's, as (n, *lengths).

    What lies beyond the image is False.
    """
    counts = [-(-size // length) for size, length in zip(mask.shape, lengths, strict=True)]
    beyond = [
        (0, count * length - size)
        for count, length, size in zip(counts, lengths, mask.shape, strict=True)
    ]
    blocks = [number for pair in zip(counts, lengths, strict=True) for number in pair]
    padded = mask.__array_namespace__().pad(mask, beyond)
    axes = (*range(0, 2 * len(lengths), 2), *range(1, 2 * len(lengths), 2))
    return padded.reshape(blocks).transpose(axes).reshape(math.prod(counts), *lengths)
