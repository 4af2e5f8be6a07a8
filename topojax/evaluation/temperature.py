"""Temperature scaling (Guo, Pleiss, Sun and Weinberger 2017, section 4.2).

One number T divides all logits: decisions and AUC of two classes stay, confidences change. It is
fitted on the validation split and then applied to the test split.

A handful of images that are all decided correctly has no best T: the likelihood grows without end
as T falls, and one wrong image of another split then costs tens of nats. So log T has a prior,
normal around 0, which hundreds of images outweigh.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import log_softmax, softmax

from topojax.config import ClassifierConfig
from topojax.errors import ConfigError, DataError
from topojax.evaluation.scores import checked_rows
from topojax.masked import refuse_masked

TEMPERATURE_BOUNDS = ClassifierConfig().temperature_bounds
"""The default of `classifier.temperature_bounds`."""

# Standard deviation of log T: networks of Guo et al. (2017, table 1) ask for 1 to 3.
_SPREAD = 0.5
_TRIED = 33


def fit_temperature(
    labels: np.ndarray, logits: np.ndarray, bounds: tuple[float, float] = TEMPERATURE_BOUNDS
) -> float:
    """Return the T within bounds that is most probable of logits / T, with a prior on T.

    What is made least is the summed negative log-likelihood plus (log T)² / (2 · 0.5²). The
    likelihood at T is never below that at 1. T lies at a bound, and is returned as exactly that,
    where the data ask for more.

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

    def loss(log_temperature: float) -> float:
        likelihood = _negative_log_likelihood(labels, values / math.exp(log_temperature))
        return likelihood + (log_temperature / _SPREAD) ** 2 / (2 * len(labels))

    low, high = math.log(bounds[0]), math.log(bounds[1])
    # The sum may have two minima, between which Brent's method would choose by chance.
    tried = np.linspace(low, high, _TRIED).tolist()
    best = min(range(_TRIED), key=lambda place: loss(tried[place]))
    around = (tried[max(best - 1, 0)], tried[min(best + 1, _TRIED - 1)])
    found = float(minimize_scalar(loss, bounds=around, method="bounded").x) if low < high else 0.0
    # It only comes near a bound, and near 1. The first of equal ones is taken.
    chosen = min((0.0, low, high, found), key=loss)
    return {0.0: 1.0, low: bounds[0], high: bounds[1]}.get(chosen, math.exp(chosen))


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
    refuse_masked(logits, "logits")
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
    refuse_masked(probabilities, "probabilities")
    values = np.asarray(probabilities)
    if values.dtype.kind != "f":
        raise DataError(f"probabilities are {values.dtype}; expected floating-point numbers")
    if not (np.isfinite(values) & (values >= 0)).all():
        raise DataError("probabilities hold NaN, infinity or negative values; expected 0 to 1")
    return np.log(np.maximum(values, np.finfo(values.dtype).tiny).astype(np.float64))


def negative_log_likelihood(labels: np.ndarray, logits: np.ndarray) -> float:
    """Return the mean cross-entropy of the labels, in nats, at least 0.

    Args:
        labels: integers (n,) in 0 … K-1; a class may be absent.
        logits: finite numbers (n, K), or `log_probabilities` where logits are not at hand.

    Raises:
        DataError: other shapes, NaN, or labels out of range.
    """
    return _negative_log_likelihood(*checked_rows(labels, logits, "logits"))


def _negative_log_likelihood(labels: np.ndarray, logits: np.ndarray) -> float:
    likelihood = log_softmax(logits, axis=1)[np.arange(len(labels)), labels].mean()
    # Rounding may bring it above 0; and 0 - 0, unlike -0, has no sign.
    return float(0.0 - np.minimum(likelihood, 0.0))
