"""What is computed of a chunk, and how two parts are put together: curves, or pairs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Generic, TypeVar

import numpy as np

from topojax.errors import DataError, raised_as
from topojax.kernels.chunks import (
    ChunkBars,
    ChunkCurves,
    Extent,
    Forest,
    chunk_bars,
    chunk_curves,
    glue_bars,
    glue_curves,
    whole_bars,
    whole_curves,
)

Part = TypeVar("Part", ChunkCurves, ChunkBars)
Whole = TypeVar("Whole")


class Described(ABC, Generic[Part, Whole]):
    """What is asked of a volume; small, so that it goes to every worker."""

    @abstractmethod
    def describe(self, values: np.ndarray, extent: Extent) -> Part:
        """Return what a chunk says of the whole."""

    @abstractmethod
    def glue(self, a: Part, b: Part) -> Part:
        """Put two parts together, of which `b` begins with the plane that ends `a`."""

    @abstractmethod
    def whole(self, part: Part) -> Whole:
        """Return what was asked for."""

    @abstractmethod
    def to_arrays(self, part: Part) -> dict[str, np.ndarray]:
        """Return a part as named arrays, without pickles."""

    @abstractmethod
    def from_arrays(self, arrays: Mapping[str, np.ndarray]) -> Part:
        """Return the part of such arrays."""

    def identity(self) -> dict[str, Any]:
        """Return what tells this question from others, of values of JSON."""
        return {"kind": type(self).__name__} | asdict(self)  # type: ignore[call-overload]


@dataclass(frozen=True)
class Curves(Described[ChunkCurves, np.ndarray]):
    """Betti numbers at thresholds.

    Attributes:
        thresholds: increasing.
        top: T-construction, else V.
    """

    thresholds: tuple[float, ...]
    top: bool

    def describe(self, values: np.ndarray, extent: Extent) -> ChunkCurves:
        """Return what a chunk says of the whole."""
        return chunk_curves(values, np.array(self.thresholds), extent, self.top)

    def glue(self, a: ChunkCurves, b: ChunkCurves) -> ChunkCurves:
        """Put two parts together."""
        with raised_as(DataError):
            return glue_curves(a, b)

    def whole(self, part: ChunkCurves) -> np.ndarray:
        """Return Betti numbers, int64 (3, N)."""
        return whole_curves(part)

    def to_arrays(self, part: ChunkCurves) -> dict[str, np.ndarray]:
        """Return a part as named arrays."""
        counts = {"up": part.up, "down": part.down, "euler": part.euler}
        return counts | _common_arrays(part)

    def from_arrays(self, arrays: Mapping[str, np.ndarray]) -> ChunkCurves:
        """Return the part of such arrays."""
        extent, above, below = _common(arrays)
        return ChunkCurves(extent, arrays["up"], arrays["down"], arrays["euler"], above, below)


@dataclass(frozen=True)
class Bars(Described[ChunkBars, tuple[np.ndarray, np.ndarray]]):
    """Persistence pairs of dimensions 0 and 2.

    Attributes:
        top: T-construction, else V.
    """

    top: bool

    def describe(self, values: np.ndarray, extent: Extent) -> ChunkBars:
        """Return what a chunk says of the whole."""
        return chunk_bars(values, extent, self.top)

    def glue(self, a: ChunkBars, b: ChunkBars) -> ChunkBars:
        """Put two parts together."""
        with raised_as(DataError):
            return glue_bars(a, b)

    def whole(self, part: ChunkBars) -> tuple[np.ndarray, np.ndarray]:
        """Return bars, float64 (n, 2) and (m, 2)."""
        return whole_bars(part)

    def to_arrays(self, part: ChunkBars) -> dict[str, np.ndarray]:
        """Return a part as named arrays."""
        return {"bars_0": part.bars[0], "bars_2": part.bars[1]} | _common_arrays(part)

    def from_arrays(self, arrays: Mapping[str, np.ndarray]) -> ChunkBars:
        """Return the part of such arrays."""
        extent, above, below = _common(arrays)
        return ChunkBars(extent, (arrays["bars_0"], arrays["bars_2"]), above, below)


def _common_arrays(part: ChunkCurves | ChunkBars) -> dict[str, np.ndarray]:
    found = {"extent": np.array(part.extent, np.int64)}
    for name, forest in (("above", part.above), ("below", part.below)):
        found |= {f"{name}_{field}": array for field, array in forest._asdict().items()}
    return found


def _common(arrays: Mapping[str, np.ndarray]) -> tuple[Extent, Forest, Forest]:
    low, high, open_low, open_high = arrays["extent"].tolist()
    extent = Extent(
        tuple(low), tuple(high), tuple(map(bool, open_low)), tuple(map(bool, open_high))
    )
    above, below = (
        Forest(*(arrays[f"{name}_{field}"] for field in Forest._fields))
        for name in ("above", "below")
    )
    return extent, above, below
