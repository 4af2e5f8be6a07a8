"""Rows of images made one by one in threads, kept in a file, all that is wrong with them found."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import numpy as np
from tqdm import tqdm

from topojax.data.manifest.problems import Problem, refuse
from topojax.data.manifest.rows import Row
from topojax.data.memory import in_units
from topojax.data.preparation import Prepared
from topojax.data.prepared.cache import PreparedFile, open_prepared_file
from topojax.data.prepared.consistency import ImageFacts, differs
from topojax.data.scale import IntensityScale
from topojax.row_files.row_store import ArraySpec

_LOGGER = logging.getLogger(__name__)

# Files are mostly waited for and decompressed, both without Python's lock; each thread may hold one
# whole image as it is stored.
_READERS = 4

_Item = TypeVar("_Item")
_Made = TypeVar("_Made")


def gathered(
    rows: Sequence[Row],
    first: Prepared | Problem,
    make: Callable[[Row], Prepared | Problem],
    digest: str | None,
    *,
    source: str,
    any_spacing: bool,
    progress: bool,
) -> tuple[np.ndarray, tuple[ImageFacts, ...], IntensityScale]:
    """Return what is made of each row as one mapped array, what is known of each, and their scale.

    Args:
        rows: at least one.
        first: what is made of the first one.
        make: of a row its voxels, or what is wrong with it.
        digest: of all that `make` depends on (`images_digest`), under which the array is kept for
            the next time; None: it is not.
        source: of the rows, for messages.
        any_spacing: whether spacings may differ.
        progress: show a bar on a terminal.

    Raises:
        DataError: the first row of which something is wrong, and how many there are.
        RunError: there is no space.
    """
    if isinstance(first, Problem):
        refuse(source, [first, *_problems_of_all(rows[1:], make, source, progress)])
        raise AssertionError(source)
    facts = ImageFacts.of(first)
    spec = ArraySpec((len(rows), *first.voxels.shape), first.voxels.dtype)
    _LOGGER.info(
        "%s: %d times %s voxels, %s on the disk",
        source,
        len(rows),
        " x ".join(map(str, facts.shape[: facts.spatial_dims])),
        in_units(spec.nbytes),
    )
    with open_prepared_file(digest, spec) as kept:
        if not kept.n_rows:
            kept.append(first.voxels, facts)
        _fill(kept, rows, make, (facts, str(rows[0]), any_spacing), source, progress)
        return kept.finish(), kept.facts, first.scale


def _fill(
    kept: PreparedFile,
    rows: Sequence[Row],
    make: Callable[[Row], Prepared | Problem],
    first: tuple[ImageFacts, str, bool],
    source: str,
    progress: bool,
) -> None:
    """Make the rows that the file lacks, and raise what is wrong with any of them."""
    left = rows[kept.n_rows :]
    problems: list[Problem] = []
    for row, made in made_of(left, make, source, progress=progress):
        found = made if isinstance(made, Problem) else _misfit(row, made, *first)
        if found is not None:
            problems.append(found)
        elif not problems and isinstance(made, Prepared):
            kept.append(made.voxels, ImageFacts.of(made))
    refuse(source, problems)


def _problems_of_all(
    rows: Sequence[Row],
    make: Callable[[Row], Prepared | Problem],
    source: str,
    progress: bool,
) -> Iterator[Problem]:
    for _, made in made_of(rows, make, source, progress=progress):
        if isinstance(made, Problem):
            yield made


def _misfit(
    row: Row, made: Prepared, first: ImageFacts, whose: str, any_spacing: bool
) -> Problem | None:
    said = differs(ImageFacts.of(made), first, whose, any_spacing=any_spacing)
    return None if said is None else Problem(row.number, row.name, said)


def made_of(
    rows: Sequence[Row], make: Callable[[Row], _Made], source: str, *, progress: bool
) -> Iterator[tuple[Row, _Made]]:
    """Yield each row in order with what is made of it in threads, a few ahead.

    Args:
        rows: of images.
        make: of a row what is wanted.
        source: of the rows, for the bar.
        progress: show it on a terminal.
    """
    with tqdm(
        total=len(rows), desc=source, unit="image", disable=None if progress and rows else True
    ) as bar:
        for row, made in zip(rows, _in_order(make, rows), strict=True):
            yield row, made
            bar.update()


def _in_order(make: Callable[[_Item], _Made], items: Iterable[_Item]) -> Iterator[_Made]:
    """Yield make(item) in order, made in threads, a few ahead of the one that is used."""
    waiting: deque[Future[_Made]] = deque()
    with ThreadPoolExecutor(_READERS) as pool:
        for item in items:
            waiting.append(pool.submit(make, item))
            if len(waiting) > _READERS:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
