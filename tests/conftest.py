"""Fixtures that several test folders share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from topojax.data import Dataset, synthetic_dataset

_SHARED = Path(__file__).resolve().parents[1].parent / "shared"


@pytest.fixture
def rng() -> np.random.Generator:
    """Return a generator of a fixed seed."""
    return np.random.default_rng(20240229)


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of golden files and real data, or skip where it is absent."""
    if not _SHARED.is_dir():
        pytest.skip("the folder of golden files and real data (../shared) is absent")
    return _SHARED


@pytest.fixture(scope="session")
def discs() -> Dataset:
    """Return discs and rings of 28^2 pixels, two classes."""
    return synthetic_dataset(
        "shapes", seed=7, n_train=32, n_val=16, n_test=20, size=28, spatial_dims=2
    )


@pytest.fixture(scope="session")
def tiny() -> dict[str, Any]:
    """Return overrides that make every stage as short as it can be."""
    return {
        "backbone.epochs": 2,
        "backbone.batch_size": 16,
        "search.population_per_gene": 2,
        "search.generations": 1,
        "search.folds": 2,
        "search.classifier_epochs": 3,
        "classifier.epochs": 20,
        "topology.n_thresholds": 12,
        "evaluation.n_bootstrap": 100,
    }
