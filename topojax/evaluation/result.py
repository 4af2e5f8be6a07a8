"""Scores and their differences with intervals, as values and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from topojax.errors import ConfigError, DataError
from topojax.evaluation.scores import METRICS
from topojax.html_tables import html_table

AucMethod = Literal["delong", "bootstrap"]


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

    def __str__(self) -> str:
        """Return `0.873 [0.801, 0.932]`."""
        return f"{self.value:z.3f} [{self.low:z.3f}, {self.high:z.3f}]"


@dataclass(frozen=True)
class Difference:
    """A difference of two scores, the ends of its interval, and its two-sided p-value.

    The p-value is of the hypothesis that the difference is zero. No correction for several
    comparisons is made.
    """

    value: float
    low: float
    high: float
    p_value: float

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Difference:
        """Read `{"value": …, "low": …, "high": …, "p_value": …}`."""
        keys = ("value", "low", "high", "p_value")
        return cls(*(float(values[key]) for key in keys))

    def __neg__(self) -> Difference:
        """Return the difference the other way round."""
        return Difference(-self.value, -self.high, -self.low, self.p_value)


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

    @property
    def said_of_intervals(self) -> str:
        """What the intervals are, for people."""
        return f"n = {self.n}; brackets: {self.level * 100:g}% stratified bootstrap interval"

    def _repr_html_(self) -> str:
        """Return the scores as a table, for notebooks."""
        rows = [(name, str(interval)) for name, interval in self.metrics.items()]
        return html_table(self.said_of_intervals, ("Score", "Value"), rows)

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
        with _reading("scores"):
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


@dataclass(frozen=True)
class Comparison:
    """Differences of the scores of two methods, first minus second, on the same images.

    Attributes:
        differences: auc, accuracy, sensitivity, specificity, f1; of class 1 where there are two
            classes, else of macro means.
        auc_method: where the AUC's interval and p-value come from; the others are the bootstrap's.
        n: number of images.
        n_bootstrap: number of resamples.
        level: nominal coverage of the intervals, such as 0.95.
    """

    differences: dict[str, Difference]
    auc_method: AucMethod
    n: int
    n_bootstrap: int
    level: float

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object: each metric beside `auc_method`, `n`, `n_bootstrap`, `level`."""
        return {
            **{name: asdict(difference) for name, difference in self.differences.items()},
            "auc_method": self.auc_method,
            "n": self.n,
            "n_bootstrap": self.n_bootstrap,
            "level": self.level,
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Comparison:
        """Read what `to_json` returns.

        Raises:
            DataError: a key is missing or holds something else.
        """
        with _reading("differences"):
            method = values["auc_method"]
            if method not in get_args(AucMethod):
                raise ValueError(f"auc_method is {method!r}; expected one of {get_args(AucMethod)}")
            return cls(
                differences={name: Difference.from_json(values[name]) for name in METRICS},
                auc_method=method,
                n=int(values["n"]),
                n_bootstrap=int(values["n_bootstrap"]),
                level=float(values["level"]),
            )


def check_level(level: float) -> None:
    """Refuse a nominal coverage outside (0, 1).

    Raises:
        ConfigError: `level` is not between 0 and 1.
    """
    if not 0 < level < 1:
        raise ConfigError(f"level={level} must lie between 0 and 1; 0.95 is usual")


@contextmanager
def _reading(what: str) -> Iterator[None]:
    try:
        yield
    except KeyError as error:
        raise DataError(f"{what} lack the key {error}; expected what to_json wrote") from None
    except (TypeError, ValueError, AttributeError) as error:
        raise DataError(f"{what} are not what to_json wrote: {error}") from None
