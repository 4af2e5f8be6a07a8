"""Blocks of images, worked through by whoever is free; finished ones are kept.

How images are divided depends on their number alone, and what is found in an image on no other one:
descriptors are the same to the last bit, whoever makes them and however often that was killed.
"""

from __future__ import annotations

import logging
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Generic, TypeVar

from topojax.errors import RunError
from topojax.executors import Spreading, open_executor, spread
from topojax.experiments.features.block import Block, read_block, write_block
from topojax.files import exists, make_folder

_LOGGER = logging.getLogger(__name__)

_Images = TypeVar("_Images")

# Of a block at most, so that little is lost with one; and blocks at least, so that nobody is idle.
_IMAGES, _BLOCKS = 32, 32
# A job waits for its turn longer than a block takes, so that each has many.
_JOBS = 64
_OWN_NAMES = re.compile(r"[0-9a-f]{32}\.npz|images-[0-9a-f]{32}\.npy|jobs|volume|\..*\.part")


@dataclass(frozen=True)
class Blocks:
    """Who works blocks through, and where they are kept.

    Attributes:
        executor: of `open_executor`; None: this process.
        folder: where finished blocks are kept by digest; None: nowhere.
        tasks: that blocks are given out in, at most; None: one each.
    """

    executor: Executor | None = None
    folder: Path | None = None
    tasks: int | None = None

    def worked_through(
        self,
        call: Callable[[_Images], Block],
        images: Sequence[_Images],
        digests: Sequence[str],
        *,
        what: str,
        here: Callable[[Sequence[_Images]], Iterator[Block]] | None = None,
    ) -> list[Block]:
        """Return what is found in each block of images, in order.

        Args:
            call: from the images of a block to what is found; other processes can import it.
            images: of each block: rows of a manifest, or a range of an array's rows.
            digests: 32 hexadecimal digits, of all that is found in each depends on.
            what: is done, for people.
            here: what makes blocks in this process, in turn, where there is no executor, and may
                read ahead of each; None: `call`.

        Raises:
            RunError: a block cannot be kept, or workers died again and again.
        """
        found = self._kept(digests)
        left = [place for place in range(len(images)) if place not in found]
        done = f", of which {len(found)} are done already" if found else ""
        _LOGGER.info("%s: %d blocks%s%s", what, len(images), done, self._where())
        if here is not None and self.executor is None:
            call = _in_turn(here([images[place] for place in left]))
        size = -(-len(left) // self.tasks) if self.tasks else 1
        parts = [left[start : start + size] for start in range(0, len(left), max(size, 1))]
        tasks = [_Task(tuple((images[i], digests[i]) for i in part), part[0] + 1) for part in parts]
        work = partial(_work, call, self.folder)
        for place, blocks in spread(self.executor, work, tasks, what=what, progress=True):
            found.update(zip(parts[place], blocks, strict=True))
        return [found[place] for place in range(len(images))]

    def _where(self) -> str:
        return f"; finished ones are kept in {self.folder}" if self.folder else ""

    def _kept(self, digests: Sequence[str]) -> dict[int, Block]:
        if self.folder is None or not self.folder.is_dir():
            return {}
        kept = {i: read_block(_file(self.folder, digest)) for i, digest in enumerate(digests)}
        return {place: block for place, block in kept.items() if block is not None}


@dataclass(frozen=True)
class Work:
    """Where features are made.

    Attributes:
        spreading: over what; by default this process, one block after the other.
        folder: where finished blocks are kept, on a disk that all share who work; None: nowhere.
    """

    spreading: Spreading = field(default_factory=Spreading)
    folder: Path | None = None

    @property
    def is_spread(self) -> bool:
        """Whether other processes do it."""
        return self.spreading != Spreading()

    @contextmanager
    def opened(self) -> Iterator[Blocks]:
        """Give what works blocks through, while the block runs.

        Raises:
            RunError: as `open_executor`.
        """
        folder = None if self.folder is None else self.folder.absolute()
        jobs = None if folder is None else folder / "jobs"
        with open_executor(self.spreading, folder=jobs) as executor:
            yield Blocks(executor, folder, _JOBS if self.spreading.slurm else None)


def block_bounds(n: int) -> list[slice]:
    """Return the blocks that n images are divided into.

    Example:
        >>> len(block_bounds(40)), block_bounds(40)[-1]
        (20, slice(38, 40, None))
    """
    length = min(_IMAGES, -(-n // _BLOCKS))
    return [slice(start, min(start + length, n)) for start in range(0, n, length)]


def progress_folder(output: Path) -> Path:
    """Return the folder beside a file of features where its finished blocks are kept.

    Its name begins with a dot, so that no pattern or folder of images takes it for one of them.

    Raises:
        RunError: something else is there.
    """
    folder = output.with_name(f".{output.name}.progress")
    if exists(folder) and not (
        folder.is_dir() and all(_OWN_NAMES.fullmatch(entry.name) for entry in folder.iterdir())
    ):
        raise RunError(
            f"{folder} is where finished parts of {output} would be kept, and something else is "
            "there; choose another --output"
        )
    return folder


def remove_progress(folder: Path) -> None:
    """Remove what is kept, once the file is written."""
    if folder.is_dir():
        shutil.rmtree(folder)


@dataclass(frozen=True)
class _Task(Generic[_Images]):
    """Blocks that one worker works through, with their digests; and the first one's number."""

    blocks: tuple[tuple[_Images, str], ...]
    first: int

    def __str__(self) -> str:
        return f"blocks {self.first} to {self.first + len(self.blocks) - 1}"


def _work(
    call: Callable[[_Images], Block], folder: Path | None, task: _Task[_Images]
) -> list[Block]:
    found = []
    for images, digest in task.blocks:
        block = call(images)
        # What is wrong with images is said anew every time, until it is mended.
        if folder is not None and not block.problems:
            make_folder(folder, "choose another --output")
            write_block(_file(folder, digest), block)
        found.append(block)
    return found


def _in_turn(found: Iterator[Block]) -> Callable[[object], Block]:
    """Return what gives blocks in the order that they are made in, whatever it is asked for."""
    return lambda _: next(found)


def _file(folder: Path, digest: str) -> Path:
    return folder / f"{digest}.npz"
