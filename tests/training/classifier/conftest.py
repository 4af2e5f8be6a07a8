"""Problems that the classifiers' tests share."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from topojax.config import ClassifierConfig

Problem = tuple[np.ndarray, np.ndarray]


@pytest.fixture
def small() -> ClassifierConfig:
    """Return settings that make every model as short as it can be."""
    return ClassifierConfig(n_trees=40, boosting_rounds=8, selection_folds=3, epochs=2)


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Keep OpenMP's threads from waiting for each other where the library is called by hand."""
    with threadpool_limits(1, user_api="openmp"):
        yield


@pytest.fixture
def wide(rng: np.random.Generator) -> Problem:
    """Return 240 rows of 2000 features and two classes; one feature in 50 tells them apart."""
    labels = np.arange(240) % 2
    x = rng.standard_normal((240, 2000)) * 10
    x[:, ::50] += 12 * labels[:, None]
    return x.astype(np.float32), labels


@pytest.fixture
def weak(rng: np.random.Generator) -> Problem:
    """Return 120 rows of 600 features, each of which says a little of the class, linearly."""
    labels = np.arange(120) % 2
    x = rng.standard_normal((120, 600)) + 0.2 * labels[:, None]
    return x.astype(np.float32), labels


@pytest.fixture
def thresholds(rng: np.random.Generator) -> Problem:
    """Return 240 rows of 8 features: the class is whether one is far from 0, on either side."""
    x = rng.standard_normal((240, 8)).astype(np.float32)
    return x, (np.abs(x[:, 3]) > 0.67).astype(np.int64)
