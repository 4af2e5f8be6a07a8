"""Intensity windows and normalisation of one image."""

from __future__ import annotations

import numpy as np

from topojax.config import PrepareConfig
from topojax.errors import DataError


def windowed(image: np.ndarray, config: PrepareConfig, name: str) -> np.ndarray:
    """Return an image float32, windowed and normalised by itself as the configuration says.

    Args:
        image: float32 (*spatial) or (*spatial, 3), finite.
        config: its window, percentiles and normalisation.
        name: of the image, for messages.

    Raises:
        DataError: an image of one intensity, which has no range to be normalised by.
    """
    if config.window is not None:
        image = _between(image, *config.window)
    elif config.percentiles is not None:
        low, high = np.percentile(image, config.percentiles)
        _refuse_constant(low, high, name, "prepare.percentiles")
        image = _between(image, float(low), float(high))
    if config.normalise == "range":
        low, high = float(image.min()), float(image.max())
        _refuse_constant(low, high, name, "prepare.normalise=range")
        image = _between(image, low, high)
    elif config.normalise == "z-score":
        mean, deviation = (float(f(image, dtype=np.float64)) for f in (np.mean, np.std))
        _refuse_constant(mean, mean + deviation, name, "prepare.normalise=z-score")
        image = ((image - mean) / deviation).astype(np.float32)
    return image


def _between(image: np.ndarray, low: float, high: float) -> np.ndarray:
    share = (image.astype(np.float64) - low) / (high - low)
    return np.clip(share, 0, 1).astype(np.float32)


def _refuse_constant(low: float, high: float, name: str, setting: str) -> None:
    if not low < high:
        raise DataError(
            f"{name} has one intensity, {low:.6g}, between the ends of {setting}; leave the image "
            "out, or choose another window"
        )
