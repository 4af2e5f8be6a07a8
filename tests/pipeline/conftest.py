"""What the pipeline's tests read."""

from __future__ import annotations

import numpy as np
import pytest

from topojax.data import Dataset


@pytest.fixture
def test_images(discs: Dataset) -> np.ndarray:
    """Return the held-out images."""
    return discs.test.images
