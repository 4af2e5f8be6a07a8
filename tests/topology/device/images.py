"""Images on which the device is held to the kernels: ties, noise, masks, and what is extreme."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

N_KINDS = 10


def _serpentine(shape: tuple[int, ...]) -> np.ndarray:
    """One path through every second row: the longest way to a root."""
    image = np.ones(shape)
    image[..., ::2, :] = 0
    image[..., 1::4, -1] = 0
    image[..., 3::4, 0] = 0
    return image


def images_of(shape: tuple[int, ...], rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return images float32 (2 N_KINDS, *shape) and masks; the second half is masked."""
    smooth = ndimage.gaussian_filter(rng.random(shape), 1)
    place = sum(np.indices(shape))
    found = [
        rng.random(shape),
        (smooth - smooth.min()) / max(np.ptp(smooth), 1e-6),
        rng.integers(0, 3, shape) / 2,
        np.full(shape, 0.5),
        place % 2,
        _serpentine(shape),
        place / max(1, place.max()),
        np.where(rng.random(shape) < 0.2, np.inf, rng.random(shape)),
        rng.integers(0, 2, shape),
        # Cavities of one voxel.
        np.where((np.indices(shape) % 2 == 1).all(axis=0), 0.9, 0.2),
    ]
    assert len(found) == N_KINDS
    images = np.array(found * 2, np.float32)
    masks = rng.random(images.shape) < 0.7
    masks[:N_KINDS] = True
    masks[N_KINDS] = False
    return images, masks
