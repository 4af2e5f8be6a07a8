"""Temperature scaling (Guo, Pleiss, Sun and Weinberger 2017, section 4.2).

One number T divides all logits: decisions and AUC of two classes stay, confidences change. It is
fitted on the validation split and then applied to the test split.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import log_softmax, softmax

from topojax.config import ClassifierConfig
from topojax.errors import ConfigError, DataError
from topojax.evaluation.scores import checked_rows

TEMPERATURE_BOUNDS = ClassifierConfig().temperature_bounds
"""The default of `classifier.temperature_bounds`."""


def fit_temperature(
    labels: np.ndarray, logits: np.ndarray, bounds: tuple[float, float] = TEMPERATURE_BOUNDS
) -> float:
    """Return the T within bounds of the least negative log-likelihood of logits / T.

    The likelihood is convex in 1 / T, so its only minimum is found by Brent's method on log T. It
    is never above that at T = 1. It lies at a bound, and is returned as exactly that, where the
    data ask for more: at the lower one when every image is decided correctly, so that no
    confidence is high enough; at the upper one when the logits know nothing of the labels.

    Args:
        labels: integers (n,) in 0 … K-1, of the validation split; a class may be absent.
        logits: finite numbers (n, K), or `log_probabilities` where logits are not at hand.
        bounds: least and greatest T, 1 between them.

    Raises:
        DataError: other shapes, NaN, or labels out of range.
    """
    # Costs a tenth of a second, and most runs fit no temperature.
    from scipy.optimize import minimize_scalar

    labels, values = checked_rows(labels, logits, "logits")

    def loss(temperature: float) -> float:
        return _negative_log_likelihood(labels, values / temperature)

    low, high = bounds
    found = minimize_scalar(
        lambda log_temperature: loss(math.exp(log_temperature)),
        bounds=(math.log(low), math.log(high)),
        method="bounded",
    )
    # Brent's method only comes near a bound, and near 1. The first of equal ones is taken.
    return min((1.0, low, high, math.exp(found.x)), key=loss)


def temper(logits: np.ndarray, temperature: float) -> np.ndarray:
    """Return the probabilities softmax(logits / temperature), float64 (n, K).

    Above 1 they become less sure, below 1 surer. The order of the classes in each row stays, up to
    rounding. Probabilities come back unchanged by `temper(log_probabilities(p), 1)`.

    Args:
        logits: finite numbers (n, K), or `log_probabilities` where logits are not at hand.
        temperature: positive and finite.

    Raises:
        DataError: another shape, or NaN.
        ConfigError: `temperature` is not positive and finite.
    """
    if not 0 < temperature < math.inf:
        raise ConfigError(
            f"temperature={temperature} must be positive and finite; 1 changes nothing"
        )
    values = np.asarray(logits)
    if values.ndim != 2 or values.dtype.kind not in "fiu":
        raise DataError(
            f"logits are {values.dtype} of shape {values.shape}; expected real numbers (n, K)"
        )
    if not np.isfinite(values).all():
        raise DataError(
            "logits hold NaN or infinity; expected finite numbers, so take log_probabilities of "
            "probabilities"
        )
    return softmax(values.astype(np.float64) / temperature, axis=1)


def log_probabilities(probabilities: np.ndarray) -> np.ndarray:
    """Return finite logits, float64 (n, K), whose softmax is `probabilities`.

    A probability of zero, which a softmax gives by underflow alone, counts as the smallest normal
    number of its type: 1.2e-38 for float32.

    Raises:
        DataError: negative values, NaN, or no floating-point numbers.
    """
    values = np.asarray(probabilities)
    if values.dtype.kind != "f":
        raise DataError(f"probabilities are {values.dtype}; expected floating-point numbers")
    if not (np.isfinite(values) & (values >= 0)).all():
        raise DataError("probabilities hold NaN, infinity or negative values; expected 0 to 1")
    return np.log(np.maximum(values, np.finfo(values.dtype).tiny).astype(np.float64))


def negative_log_likelihood(labels: np.ndarray, logits: np.ndarray) -> float:
    """Return the mean cross-entropy of the labels, in nats: what `fit_temperature` makes least.

    Args:
        labels: integers (n,) in 0 … K-1; a class may be absent.
        logits: finite numbers (n, K), or `log_probabilities` where logits are not at hand.
        bounds: least and greatest T, 1 between them.

    Raises:
        DataError: other shapes, NaN, or labels out of range.
    """
    return _negative_log_likelihood(*checked_rows(labels, logits, "logits"))


def _negative_log_likelihood(labels: np.ndarray, logits: np.ndarray) -> float:
    return float(-log_softmax(logits, axis=1)[np.arange(len(labels)), labels].mean())
