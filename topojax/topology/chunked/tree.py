"""Chunks described by workers, and glued by workers pairwise: rows, then layers, then all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, overload

import numpy as np

from topojax.executors import spread
from topojax.kernels.chunks import Extent, joined
from topojax.topology.chunked.described import Described
from topojax.topology.chunked.kept import Kept, described_or_kept
from topojax.topology.chunked.reading import Source


@dataclass(frozen=True)
class Tree:
    """Who describes and glues; `advance` is called after each of both.

    Where parts are kept, workers write and read them, and extents alone come and go.
    """

    described: Described[Any, Any]
    kept: Kept | None
    executor: Executor
    advance: Callable[[], Any]

    def glued(self, source: Source, grid: Sequence[Any]) -> Any:
        """Return the part that is all of the volume."""
        extents = [extent for layer in grid for row in layer for extent in row]
        call = partial(_described, self.described, self.kept)
        found = self._all(call, _Tasks(source, extents, self.executor), "chunk")
        for length in (len(grid[0][0]), len(grid[0]), len(grid)):
            found = self._lines_glued([found[k : k + length] for k in range(0, len(found), length)])
        return _loaded(found[0], self.described, self.kept)

    def _lines_glued(self, lines: list[list[Any]]) -> list[Any]:
        """Glue every line, all of one length, to one part."""
        while len(lines[0]) > 1:
            pairs = [tuple(line[k : k + 2]) for line in lines for k in range(0, len(line) - 1, 2)]
            call = partial(_glued_pair, self.described, self.kept)
            glued = iter(self._all(call, pairs, "pair of parts"))
            lines = [
                [next(glued) if k + 1 < len(line) else line[k] for k in range(0, len(line), 2)]
                for line in lines
            ]
        return [line[0] for line in lines]

    def _all(self, call: Callable[[Any], Any], items: Sequence[Any], what: str) -> list[Any]:
        found: list[Any] = [None] * len(items)
        for index, result in spread(self.executor, call, items, what=what):
            found[index] = result
            self.advance()
        return found


def _described(described: Described[Any, Any], kept: Kept | None, task: _Task) -> Any:
    part = described_or_kept(task.read, task.extent, described, kept)
    return part if kept is None else task.extent


def _glued_pair(described: Described[Any, Any], kept: Kept | None, pair: tuple[Any, Any]) -> Any:
    if kept is not None:
        whole = joined(*pair)
        if not kept.has(whole):
            kept.write(described.glue(*(kept.read(one, described) for one in pair)), described)
        return whole
    return described.glue(*pair)


def _loaded(found: Any, described: Described[Any, Any], kept: Kept | None) -> Any:
    return found if kept is None else kept.read(found, described)


@dataclass(frozen=True)
class _Task:
    """A chunk for a worker; shown by where it is."""

    extent: Extent
    read: Callable[[], np.ndarray]

    def __str__(self) -> str:
        return f"{self.extent.low} to {self.extent.high}"


class _Tasks(Sequence[_Task]):
    """Tasks of chunks, each made when it is given away, since it may hold voxels."""

    def __init__(self, source: Source, extents: Sequence[Extent], executor: Executor) -> None:
        self._source, self._extents = source, extents
        # Threads see the arrays of this process.
        self._sent = not isinstance(executor, ThreadPoolExecutor)
        if self._sent:
            source.check_sent()

    def __len__(self) -> int:
        return len(self._extents)

    @overload
    def __getitem__(self, index: int) -> _Task: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[_Task]: ...
    def __getitem__(self, index: int | slice) -> _Task | Sequence[_Task]:
        if isinstance(index, slice):
            return [self[k] for k in range(*index.indices(len(self)))]
        extent = self._extents[index]
        read = self._source.to_send(extent) if self._sent else partial(self._source.read, extent)
        return _Task(extent, read)
