"""What is found in consecutive images, and the file that it is kept in until all is written."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from topojax.data.manifest.problems import Problem
from topojax.data.prepared import ImageFacts
from topojax.files import write_atomically

_FACTS = "facts"
# What numpy and zipfile raise of a file that was cut short or changed.
_DAMAGE = (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile, zlib.error)


@dataclass(frozen=True)
class Block:
    """What is found in consecutive images.

    Attributes:
        found: float64 (k, 2), least and largest finite value by filtration, or descriptors φ,
            float32 (n, n_features).
        facts: of images that were read from files, one each.
        problems: of images that cannot be described, in order.
    """

    found: np.ndarray
    facts: tuple[ImageFacts, ...] = ()
    problems: tuple[Problem, ...] = ()


def write_block(path: Path, block: Block) -> None:
    """Write a block without problems.

    Raises:
        NoSpaceError, RunError: it cannot be written.
    """
    facts = json.dumps([facts.to_json() for facts in block.facts]).encode()
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, found=block.found, facts=np.frombuffer(facts, np.uint8))
    write_atomically(path, buffer.getvalue())


def read_block(path: Path) -> Block | None:
    """Return what `write_block` wrote; None where it is not there, or is damaged."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            facts = json.loads(arrays[_FACTS].tobytes())
            return Block(arrays["found"], tuple(ImageFacts.from_json(one) for one in facts))
    except _DAMAGE:
        return None  # made again
