"""What `balanced` means."""

from __future__ import annotations

import numpy as np

from topojax.training.backbone.class_weights import class_weights


def test_balanced_classes_weigh_the_same_in_all() -> None:
    labels = np.array([0, 0, 0, 0, 0, 1, 1, 2])
    weights = class_weights("balanced", labels, 3)
    np.testing.assert_allclose(weights, [8 / 15, 8 / 6, 8 / 3], rtol=1e-6)
    np.testing.assert_allclose(np.bincount(labels, weights[labels]), 8 / 3, rtol=1e-6)
    np.testing.assert_array_equal(class_weights("none", labels, 3), 1)
    assert np.isfinite(class_weights("balanced", labels, 4)).all()
