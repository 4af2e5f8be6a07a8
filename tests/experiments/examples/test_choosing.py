"""Which images are shown: the first of each class, and what went wrong, the surest first."""

from __future__ import annotations

import numpy as np

from topojax.experiments.examples import first_of_each_class, most_shown, wrong_and_empty


def test_the_first_three_of_each_class_come_class_by_class() -> None:
    labels = np.array([1, 0, 1, 1, 1, 0, 2])
    assert first_of_each_class(labels).tolist() == [1, 5, 0, 2, 3, 6]


def test_wrong_images_come_first_by_their_probability() -> None:
    labels = np.array([0, 0, 1, 1, 0])
    probabilities = np.array([[0.9, 0.1], [0.3, 0.7], [0.2, 0.8], [0.8, 0.2], [0.3, 0.7]])
    none = np.zeros(5, bool)
    # 1 and 4 are equally sure.
    assert wrong_and_empty(labels, probabilities, none).tolist() == [3, 1, 4]
    # An image that is wrong as well is not repeated.
    empty = np.array([True, True, True, False, False])
    assert wrong_and_empty(labels, probabilities, empty).tolist() == [3, 1, 4, 0, 2]


def test_no_error_and_many_errors() -> None:
    sure = np.tile([0.0, 1.0], (50, 1))
    right = wrong_and_empty(np.ones(50, int), sure, np.zeros(50, bool))
    assert right.shape == (0,)
    assert np.issubdtype(right.dtype, np.integer)
    labels = np.arange(50) % 2
    chosen = wrong_and_empty(labels, sure, np.ones(50, bool))
    assert len(first_of_each_class(labels)) + len(chosen) == most_shown(2)
