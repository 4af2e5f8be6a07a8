"""The images that a device is timed on: smooth ones and noise, one by one and many at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.ndimage import gaussian_filter

from topojax.experiments.bench.persistence.inputs import synthetic

KINDS = ("smooth", "noise")
BATCHES = {
    "cpu": ((4, 28, 28, 28), (2, 64, 64, 64), (4, 224, 224)),
    "other": ((256, 28, 28, 28), (64, 64, 64, 64), (1, 256, 256, 256), (64, 224, 224)),
}
"""Shapes of what is given at once, by platform."""
_SEED = 20240229


def single_images(sizes: Sequence[int]) -> list[tuple[str, np.ndarray]]:
    """Return what is shown, and float32 (1, *shape): cubes of these sizes and a square of 224."""
    shapes = [*((size,) * 3 for size in sizes), (224, 224)]
    return [(kind, synthetic(kind, shape).image[None]) for shape in shapes for kind in KINDS]


def smooth_and_noise(shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Return B images (B, *spatial), float32: noise after a Gaussian of 2 voxels, and noise."""
    noise = np.random.default_rng(_SEED).standard_normal(shape, dtype=np.float32)
    return np.stack([gaussian_filter(image, 2.0) for image in noise]), noise
