"""The method fitted once on the tiny problem."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from topojax import TopoCAM
from topojax.data import Dataset


@pytest.fixture(scope="session")
def fitted(discs: Dataset, tiny: dict[str, Any]) -> TopoCAM:
    """Return the estimator fitted on them."""
    return TopoCAM(overrides=tiny).fit(
        discs.train.images, discs.train.labels, X_val=discs.val.images, y_val=discs.val.labels
    )


@pytest.fixture
def test_images(discs: Dataset) -> np.ndarray:
    """Return the held-out images."""
    return discs.test.images
