"""TopoCAM in scikit-learn's conventions."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.model_selection import train_test_split
from sklearn.utils.validation import check_is_fitted

from topojax.config import Config, make_config
from topojax.data import IntensityScale, Split, resize_images, validate_images, validate_splits
from topojax.data.axes import in_words
from topojax.defects import check_reads_without_labels, fit_method, load_method, save_method
from topojax.errors import DataError
from topojax.masked import refuse_masked
from topojax.pipeline import FittedTopoCAM, plan_fit, stage_seed
from topojax.topology import bank_feature_names

_LOGGER = logging.getLogger(__name__)


class TopoCAM(ClassifierMixin, TransformerMixin, BaseEstimator):
    """Classify images by the topology of the regions that a network looks at (the paper's method).

    Args:
        preset: `sound` (default), `paper`, or `official`, which shows what the authors' script
            does to scores.
        overrides: dotted configuration key to value, such as `{"backbone.epochs": 5}`.
        spatial_dims: 2 for images, 3 for volumes; None: the shape has to tell. It cannot where an
            axis of 1, 3 or 4 may be channels or slices, as in (n, H, W, 3): then it is asked for.
        progress: show progress bars on a terminal.

    Attributes:
        classes_: the labels, sorted, (n_classes,).
        fitted_: the fitted method, `topojax.pipeline.FittedTopoCAM`.

    Example:
        >>> from topojax.data import synthetic_dataset
        >>> discs = synthetic_dataset(
        ...     "shapes", seed=0, n_train=32, n_val=16, n_test=20, size=28, spatial_dims=2
        ... )
        >>> overrides = {
        ...     "backbone.epochs": 1,
        ...     "backbone.batch_size": 16,
        ...     "classifier.epochs": 20,
        ...     "search.method": "uniform",
        ...     "search.tau": 0.5,
        ...     "topology.n_thresholds": 12,
        ... }
        >>> model = TopoCAM(preset="sound", overrides=overrides)
        >>> train, val = discs.train, discs.val
        >>> model = model.fit(train.images, train.labels, X_val=val.images, y_val=val.labels)
        >>> model.predict_proba(discs.test.images).shape
        (20, 2)
        >>> model.transform(discs.test.images).shape  # beta_0 and beta_1 at 12 thresholds, and V'
        (20, 25)
    """

    def __init__(
        self,
        preset: str = "sound",
        overrides: Mapping[str, Any] | None = None,
        spatial_dims: int | None = None,
        progress: bool = False,
    ) -> None:
        self.preset = preset
        self.overrides = overrides
        self.spatial_dims = spatial_dims
        self.progress = progress

    def fit(
        self,
        X: np.ndarray,
        y: np.ndarray,
        *,
        X_val: np.ndarray | None = None,
        y_val: np.ndarray | None = None,
    ) -> TopoCAM:
        """Fit on images (n, *spatial) or (n, *spatial, 3) and labels (n,) or (n, 1).

        The validation images choose the backbone's epoch; without them a stratified fifth of the
        training images is held out for it. uint8 images are divided by 255, others stay as they
        are; validation images and all that are read later are held to that.

        Raises:
            DataError, ConfigError, WeightsError: before any training; one line says what to do.
        """
        config = make_config(self.preset, overrides=self.overrides)
        check_reads_without_labels(config)
        scale = IntensityScale.of(np.asarray(X))
        images, dims = self._images(X, "X", config, None, scale)
        _LOGGER.info("X: read as %s, %s", in_words(images, dims), scale)
        labels = _flat_labels(y, len(images), "y")
        if (X_val is None) != (y_val is None):
            raise DataError("X_val and y_val come together; one of them is missing")
        if X_val is None or y_val is None:
            images, val_images, labels, val_labels = _hold_out(images, labels, config)
        else:
            val_images, _ = self._images(X_val, "X_val", config, dims, scale)
            val_labels = _flat_labels(y_val, len(val_images), "y_val")
        classes, train_index = np.unique(labels, return_inverse=True)
        unknown = np.setdiff1d(val_labels, classes)
        if unknown.size:
            raise DataError(f"y_val holds {unknown[0]!r}, which is not a label of y")
        train = Split(images, train_index)
        val = Split(val_images, np.searchsorted(classes, val_labels))
        names = tuple(str(label) for label in classes)
        validate_splits({"training": train, "validation": val}, names)
        plan = plan_fit(config, train, names, dims, scale=scale, progress=self.progress)
        fit = fit_method(plan, train, val)
        self.fitted_ = replace(fit.fitted, labels=tuple(classes.tolist()))
        self.classes_ = classes
        return self

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Return class probabilities, float32 (n, n_classes)."""
        fitted = self._fitted()
        return fitted.read(self._new_images(X), progress=self.progress).probabilities

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return the most probable label, (n,)."""
        probabilities = self.predict_proba(X)
        return self.classes_[probabilities.argmax(axis=1)]

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Return descriptors φ, float32 (n, n_features): Betti curves over V', then V'.

        Where several networks read (`cam.folds`), the mean over their ROIs.
        """
        fitted = self._fitted()
        reading = fitted.read(self._new_images(X), progress=self.progress)
        return reading.matrix()

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the names of the descriptor's columns."""
        fitted = self._fitted()
        own = fitted.config.topology.n_thresholds
        lengths = {name: own if grid is None else len(grid) for name, grid in fitted.grids.items()}
        names = bank_feature_names(
            lengths, fitted.spatial_dims, has_volumes=fitted.config.topology.volumes
        )
        return np.array(names, dtype=object)

    def save(self, path: str | Path) -> None:
        """Write the fitted estimator into the new folder `path` (orbax arrays, JSON).

        Raises:
            RunError: the folder exists, or cannot be made.
        """
        save_method(self._fitted(), Path(path))

    @classmethod
    def load(cls, path: str | Path) -> TopoCAM:
        """Read an estimator from `save`'s folder or from a run folder.

        Raises:
            WeightsError: no checkpoint there, or one that is damaged or of another model.
        """
        fitted = load_method(Path(path))
        estimator = cls(preset=fitted.config.preset, spatial_dims=fitted.spatial_dims)
        estimator.fitted_ = fitted
        estimator.classes_ = np.array(fitted.labels)
        return estimator

    def _repr_html_inner(self) -> str:
        """Return scikit-learn's own page of an estimator, and below it what was fitted."""
        return super()._repr_html_inner() + self._fitted_html()

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        """Return what notebooks ask for first: the same, beside the text."""
        bundle = dict(super()._repr_mimebundle_(**kwargs))
        # Where scikit-learn is set to show text alone, there is no page.
        if "text/html" in bundle:
            bundle["text/html"] += self._fitted_html()
        return bundle

    def _fitted_html(self) -> str:
        if not hasattr(self, "fitted_"):
            return ""
        from topojax.report.fitted import fitted_html

        return fitted_html(self.fitted_)

    def _fitted(self) -> FittedTopoCAM:
        check_is_fitted(self, "fitted_")
        return self.fitted_

    def _new_images(self, X: np.ndarray) -> np.ndarray:
        fitted = self._fitted()
        return self._images(X, "X", fitted.config, fitted.spatial_dims, fitted.scale)[0]

    def _images(
        self,
        X: np.ndarray,
        name: str,
        config: Config,
        spatial_dims: int | None,
        scale: IntensityScale | None,
    ) -> tuple[np.ndarray, int]:
        dims = spatial_dims or self.spatial_dims
        images, dims = validate_images(X, name=name, spatial_dims=dims, scale=scale)
        if config.size is not None:
            images = resize_images(images, config.size, dims)
        return images, dims


def _flat_labels(y: np.ndarray, n: int, name: str) -> np.ndarray:
    refuse_masked(y, name)
    labels = np.asarray(y)
    if labels.shape not in ((n,), (n, 1)):
        raise DataError(f"{name} has shape {labels.shape}; expected ({n},) or ({n}, 1)")
    return labels.reshape(n)


def _hold_out(
    images: np.ndarray, labels: np.ndarray, config: Config
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    values, counts = np.unique(labels, return_counts=True)
    share = config.evaluation.validation_share
    least = math.ceil(1 / min(share, 1 - share))
    if counts.min() < least:
        raise DataError(
            f"label {values[counts.argmin()]!r} has {counts.min()} samples, too few to hold a "
            f"share of {share:g} out for validation; give X_val and y_val, or at least {least} "
            "samples a class"
        )
    parts = train_test_split(
        images,
        labels,
        test_size=share,
        stratify=labels,
        random_state=stage_seed(config.seed, "validation") % 2**32,
    )
    return parts[0], parts[1], parts[2], parts[3]
