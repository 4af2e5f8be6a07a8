"""Scores with their intervals, as values and as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from topojax.errors import DataError
from topojax.evaluation.scores import METRICS


@dataclass(frozen=True)
class Interval:
    """A score and the ends of its interval.

    A percentile interval need not hold the score itself, nor be symmetric about it.
    """

    value: float
    low: float
    high: float

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Interval:
        """Read `{"value": …, "low": …, "high": …}`."""
        return cls(float(values["value"]), float(values["low"]), float(values["high"]))


@dataclass(frozen=True)
class Scores:
    """Scores of one set of predictions.

    Attributes:
        metrics: auc, accuracy, sensitivity, specificity, f1; of class 1 where there are two
            classes, else macro means.
        per_class: auc, sensitivity, specificity, f1 to one interval a class; empty for two classes.
        n: number of images.
        n_bootstrap: number of resamples.
        level: nominal coverage of the intervals, such as 0.95.
    """

    metrics: dict[str, Interval]
    per_class: dict[str, tuple[Interval, ...]]
    n: int
    n_bootstrap: int
    level: float

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object: each metric beside `per_class`, `n`, `n_bootstrap`, `level`."""
        return {
            **{name: asdict(interval) for name, interval in self.metrics.items()},
            "per_class": {
                name: [asdict(interval) for interval in intervals]
                for name, intervals in self.per_class.items()
            },
            "n": self.n,
            "n_bootstrap": self.n_bootstrap,
            "level": self.level,
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Scores:
        """Read what `to_json` returns.

        Raises:
            DataError: a key is missing or holds something else.
        """
        try:
            return cls(
                metrics={name: Interval.from_json(values[name]) for name in METRICS},
                per_class={
                    name: tuple(Interval.from_json(one) for one in intervals)
                    for name, intervals in values["per_class"].items()
                },
                n=int(values["n"]),
                n_bootstrap=int(values["n_bootstrap"]),
                level=float(values["level"]),
            )
        except KeyError as error:
            raise DataError(f"scores lack the key {error}; expected what to_json wrote") from None
        except (TypeError, ValueError, AttributeError) as error:
            raise DataError(f"scores are not what to_json wrote: {error}") from None
