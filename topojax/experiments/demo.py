"""The demonstration: the whole method on synthetic volumes, small enough for two cores."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from topojax.config import DEMO_BUDGET, DEMO_IMAGES, Config, make_config
from topojax.data import Dataset, synthetic_dataset


def demo_config(
    preset: str | None = None, file: Path | None = None, overrides: Mapping[str, Any] | None = None
) -> Config:
    """Return a preset's configuration with the demonstration's budget."""
    return make_config(preset, file=file, overrides=DEMO_BUDGET | dict(overrides or {}))


def demo_dataset(seed: int) -> Dataset:
    """Return balls, shells and tori of 28^3 voxels with noise and a bias field."""
    return synthetic_dataset("shapes", seed=seed, **DEMO_IMAGES)
