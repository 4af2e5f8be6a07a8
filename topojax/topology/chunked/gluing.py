"""From the chunks of a volume to one part that is all of it: in order here, or in a tree."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial, reduce
from pathlib import Path
from typing import Any, TypeVar

from tqdm import tqdm

from topojax.errors import DataError
from topojax.executors import spread
from topojax.kernels.chunks import Extent
from topojax.topology.chunked.described import Described
from topojax.topology.chunked.kept import Kept, described_or_kept
from topojax.topology.chunked.reading import Source
from topojax.topology.chunked.tree import Tree

_Part = Any
_Whole = TypeVar("_Whole")
_Grid = Sequence[Sequence[Sequence[Any]]]


def glued(
    source: Source,
    grid: _Grid,
    described: Described[Any, _Whole],
    executor: Executor | None,
    folder: Path | str | None,
    tasks: int | None,
    progress: bool,
) -> _Whole:
    """Describe all chunks and put them together.

    Args:
        grid: extents by layer, row and place.
        described: what is asked.
        executor: of workers; None: one chunk after the other here.
        folder: of finished parts, or None.
        tasks: that workers are given at most, each of layers one after the other; None: one a
            chunk, and one a gluing of two.

    Raises:
        DataError: as `betti_curves`.
    """
    if tasks is not None and tasks < 1:
        raise DataError(f"tasks={tasks}; expected at least one, or None")
    kept = None if folder is None else Kept.of(Path(folder), source.identity(), described)
    chunks = sum(len(row) for layer in grid for row in layer)
    disable = None if progress else True
    if executor is not None and tasks is not None:
        found = _in_groups(source, grid, described, kept, executor, tasks, progress)
        return described.whole(reduce(described.glue, found))
    # Chunks, and with workers gluings of two.
    steps = chunks if executor is None else 2 * chunks - 1
    with tqdm(total=steps, desc="chunks", unit="", disable=disable) as bar:
        if executor is None:
            return described.whole(_in_order(source, grid, described, kept, bar.update))
        tree = Tree(described, kept, executor, bar.update)
        return described.whole(tree.glued(source, grid))


def _in_order(
    source: Source,
    grid: _Grid,
    described: Described[Any, Any],
    kept: Kept | None,
    advance: Callable[[], Any],
) -> _Part:
    """Glue each chunk to its row, each row to its layer, each layer to those before it."""

    def parts(row: Iterable[Extent]) -> Iterator[_Part]:
        for extent in row:
            yield described_or_kept(partial(source.read, extent), extent, described, kept)
            advance()

    def layer_of(rows: Iterable[Iterable[Extent]]) -> _Part:
        return reduce(described.glue, (reduce(described.glue, parts(row)) for row in rows))

    return reduce(described.glue, map(layer_of, grid))


def _in_groups(
    source: Source,
    grid: _Grid,
    described: Described[Any, Any],
    kept: Kept | None,
    executor: Executor,
    tasks: int,
    progress: bool,
) -> list[_Part]:
    """Return the parts of consecutive layers, each of which one worker glues in order."""
    if not isinstance(executor, ThreadPoolExecutor):
        source.check_in_files(f"tasks={tasks}")
        source.check_sent()
    length = -(-len(grid) // tasks)
    groups = [_Layers(grid[k : k + length]) for k in range(0, len(grid), length)]
    call = partial(_layers_glued, source, described, kept)
    found = dict(spread(executor, call, groups, what="layers", progress=progress))
    return [found[place] for place in range(len(groups))]


@dataclass(frozen=True)
class _Layers:
    """Layers for one worker; shown by where they are."""

    grid: _Grid

    def __str__(self) -> str:
        return f"from {self.grid[0][0][0].low} on"


def _layers_glued(
    source: Source, described: Described[Any, Any], kept: Kept | None, layers: _Layers
) -> _Part:
    return _in_order(source, layers.grid, described, kept, int)
