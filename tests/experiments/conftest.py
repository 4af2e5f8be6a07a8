"""Discs and rings with masks, and settings as small as they can be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from topojax.config import Config, SegmentationConfig, make_config
from topojax.data import SPLITS, Dataset
from topojax.experiments.segmentation import TrueMasks


@pytest.fixture(scope="session")
def few(discs: Dataset) -> Dataset:
    """Return some discs and rings at every other pixel, 14^2."""
    n = {"train": 12, "val": 6, "test": 8}
    thinned = {}
    for name in SPLITS:
        split = discs.split(name)
        thinned[name] = replace(
            split, images=split.images[: n[name], ::2, ::2], labels=split.labels[: n[name]]
        )
    return replace(discs, **thinned)


@pytest.fixture(scope="session")
def masks(few: Dataset) -> TrueMasks:
    """Return their bright pixels."""
    return TrueMasks(*(few.split(name).images > 0.5 for name in SPLITS))


@pytest.fixture(scope="session")
def config() -> Config:
    """Return settings of the analysis."""
    return make_config(
        overrides={
            "topology.n_thresholds": 6,
            "classifier.epochs": 20,
            "evaluation.n_bootstrap": 100,
            "seed": 4,
        }
    )


@pytest.fixture(scope="session")
def small() -> SegmentationConfig:
    """Return settings of the U-Nets."""
    return SegmentationConfig(widths=(3, 4), convolutions=1, epochs=2, batch_size=4, folds=2)


@pytest.fixture
def given(few: Dataset, masks: TrueMasks) -> dict[str, list[np.ndarray]]:
    """Return the true masks as regions."""
    return {name: [masks.of(name)] for name in SPLITS}
