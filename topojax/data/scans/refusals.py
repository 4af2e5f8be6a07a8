"""What readers of files have in common: libraries that are extras, and damage told in one line."""

from __future__ import annotations

import importlib
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from topojax.data.memory import within_memory
from topojax.errors import DataError, TopojaxError, shown

_LOGGER = logging.getLogger(__name__)
_LONGEST_REASON = 200
_MOST_NAMED = 5


def library(module: str, extra: str, path: Path) -> Any:
    """Import what reading `path` needs, on first use, or raise DataError that names the extra."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        name = module.partition(".")[0]
        raise DataError(
            f"{path} needs {name}, which cannot be imported ({error}); "
            f"pip install 'topojax[{extra}]'"
        ) from error


def check_exists(path: Path) -> None:
    """Raise DataError unless there is a file or folder `path`."""
    # os.path, unlike pathlib, answers False for a name that the system finds too long.
    if not os.path.exists(path):
        raise DataError(f"{path} does not exist; check the folder, or get the file again")


def inside(folder: Path) -> list[Path]:
    """Return what lies in a folder, sorted.

    Raises:
        DataError: it may not be read.
    """
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        raise DataError(
            f"{folder} cannot be read ({error.strerror}); check its permissions"
        ) from None


def say_left_out(folder: Path, names: list[str], why: str) -> None:
    """Name on the logger what lies in a folder and is not read."""
    if names:
        some = ", ".join(names[:_MOST_NAMED])
        more = " and so on" if len(names) > _MOST_NAMED else ""
        _LOGGER.warning("%s: %d left out, %s: %s%s", folder, len(names), why, some, more)


@contextmanager
def damage_named(path: Path, kind: str) -> Iterator[None]:
    """Raise DataError in one line where a library fails over the bytes of `path`.

    Libraries do not keep to errors of their own over bytes that no writer makes: a lone index out
    of range, a failed assertion, whatever their parsers meet. The block holds calls of them, and
    what it raises is kept as the cause.
    """
    try:
        with within_memory(str(path)):
            yield
    except TopojaxError:
        raise
    except Exception as error:
        raise DataError(
            f"{path} cannot be read as {kind} ({one_line(error)}); get it again"
        ) from error


def one_line(error: BaseException) -> str:
    """Return what an error says in one printable line, or its type where it says nothing."""
    return shown(" ".join(str(error).split()), _LONGEST_REASON) or type(error).__name__
