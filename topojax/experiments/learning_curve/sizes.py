"""Numbers of training images: which images they are, and whether a fit can be made of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from topojax.config import Config
from topojax.data import Dataset, fewer_training_images, validate_dataset
from topojax.errors import DataError
from topojax.pipeline import FitPlan, plan_fit


def training_sizes(asked: Sequence[int | str], n_train: int) -> tuple[int, ...]:
    """Return numbers of training images, ascending and each once.

    Args:
        asked: numbers, and `all` for the whole training split.
        n_train: images of the training split.

    Raises:
        DataError: none is asked for, or one below 1 or above `n_train`.
    """
    sizes = {n_train if n == "all" else int(n) for n in asked}
    if not sizes:
        raise DataError("no number of training images is asked for; give some, such as 25 and all")
    for n in sorted(sizes):
        if not 1 <= n <= n_train:
            raise DataError(
                f"n={n} training images; expected 1 to {n_train}, as many as the training split "
                "has, or all"
            )
    return tuple(sorted(sizes))


def fewer_images(dataset: Dataset, n: int, seed: int) -> Dataset:
    """Return the data set with n of its training images, classes in proportion.

    They are drawn anew for each n and seed, so that a smaller choice need not lie in a larger one.
    Of the whole split there is one choice. Validation and test images stay as they are.
    """
    return fewer_training_images(dataset, n, np.random.default_rng((seed, n)))


def plan_size(
    dataset: Dataset, config: Config, n: int, seeds: Sequence[int], *, progress: bool = False
) -> FitPlan:
    """Plan the fits on n training images, of the seed whose rarest class has the fewest.

    Raises:
        DataError: naming n: a class is absent or has fewer images than some folds need.
        ConfigError, WeightsError: as `plan_fit`.
    """
    scarcest = min((fewer_images(dataset, n, seed) for seed in seeds), key=_least_of_a_class)
    try:
        validate_dataset(scarcest)
        return plan_fit(
            config,
            scarcest.train,
            dataset.class_names,
            dataset.spatial_dims,
            scale=dataset.scale,
            progress=progress,
        )
    except DataError as error:
        raise DataError(f"n={n} training images: {error}") from None


def _least_of_a_class(dataset: Dataset) -> int:
    return int(np.bincount(dataset.train.labels, minlength=dataset.n_classes).min())
