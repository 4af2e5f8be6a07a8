"""One owner of a folder at a time: `lock.json`, which names the process that writes there.

The file appears whole by a hard link, which exactly one of several processes can make, on network
file systems too; `flock`, which those may ignore between machines, is not relied upon for that.
It decides only between processes of one machine that find the lock of a dead one. A lock whose
owner cannot be looked for from here is never taken: what to do is said instead.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from pydantic import ValidationError

from topojax.errors import RunError
from topojax.files import cannot_write, remove_parts
from topojax.runs.owner import Fate, Owner

LOCK_NAME = "lock.json"
# Whose work this is: workers of one command may go on where another of them has died.
_SERIES: ContextVar[str | None] = ContextVar("series", default=None)


@contextmanager
def in_series(token: str) -> Iterator[None]:
    """Let `hold` take over, while the block runs, what another worker of the same series owned.

    That is for workers on several machines, which cannot look for one another. Who gives the work
    sees to it that a folder is given again only when the worker that had it is lost. A worker that
    can be looked for and lives keeps its folder.
    """
    before = _SERIES.set(token)
    try:
        yield
    finally:
        _SERIES.reset(before)


@contextmanager
def hold(folder: Path, work: str) -> Iterator[None]:
    """Own an existing folder while the block runs; the lock of a dead owner is replaced.

    Args:
        folder: what no other process may write into meanwhile.
        work: what is done there; see `is_locked`.

    Raises:
        RunError: another process owns it, or its lock cannot be read or made.
    """
    lock = folder / LOCK_NAME
    token = uuid.uuid4().hex
    told = Owner.this().to_json() | {"work": work, "token": token}
    if (series := _SERIES.get()) is not None:
        told["series"] = series
    content = json.dumps(told, indent=2) + "\n"
    try:
        while not _made(lock, content.encode()):
            _remove_dead(lock)
    except OSError as error:
        raise cannot_write(lock, error) from None
    try:
        # What a killed owner was writing; nobody else writes here now.
        remove_parts(folder)
        yield
    finally:
        if _entry(lock, "token") == token:
            lock.unlink()


def check_free(folder: Path) -> None:
    """Raise RunError where a living process owns the folder, or one of which that is not known."""
    try:
        content = (folder / LOCK_NAME).read_bytes()
    except OSError:
        return  # none, or nothing that `hold` could read either, which then says so
    _refuse_unless_dead(folder / LOCK_NAME, content)


def is_locked(folder: Path, work: str) -> bool:
    """Tell whether a process, dead or alive, has taken the folder for this work."""
    return _entry(folder / LOCK_NAME, "work") == work


def _made(lock: Path, content: bytes) -> bool:
    """Make the lock with its content, and tell whether it was not there."""
    part = lock.with_name(f".{LOCK_NAME}.{uuid.uuid4().hex}.part")
    try:
        with part.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(part, lock)
        except (FileExistsError, FileNotFoundError):
            return False  # somebody has the lock, and may have removed the part
        except OSError:
            # Over NFS the answer to a link that was made can be lost; some file systems have none.
            if part.stat().st_nlink == 2:
                return True
            return _made_without_link(lock, content)
        return True
    finally:
        part.unlink(missing_ok=True)


def _made_without_link(lock: Path, content: bytes) -> bool:
    try:
        file = lock.open("xb")
    except FileExistsError:
        return False
    try:
        with file:
            file.write(content)
    except OSError:
        lock.unlink()
        raise
    return True


def _remove_dead(lock: Path) -> None:
    """Remove the lock if its owner is dead; raise RunError if it is not."""
    try:
        file = lock.open("r+b")
    except FileNotFoundError:
        return
    with file:
        _refuse_unless_dead(lock, file.read())
        # The owner was of this machine, so that all who may do the same are, too: flock is enough.
        _wait_for(file.fileno())
        if _is_same_file(file.fileno(), lock):
            lock.unlink()


def _wait_for(descriptor: int) -> None:
    import fcntl  # POSIX has it, and only there is an owner ever known to be dead

    fcntl.flock(descriptor, fcntl.LOCK_EX)


def _is_same_file(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _refuse_unless_dead(lock: Path, content: bytes) -> None:
    owner = _owner(content)
    if owner is None:
        raise RunError(
            f"{lock} does not name its owner; if no process of topojax works in {lock.parent}, "
            f"remove that file and try again"
        )
    fate = owner.fate()
    if fate is Fate.LIVING:
        raise RunError(
            f"{lock.parent} is in use by process {owner.pid} on {owner.host}; wait for it or end "
            "it, or choose another folder"
        )
    if fate is Fate.UNKNOWN and not _is_of_own_series(content):
        raise RunError(
            f"{lock.parent} is in use by process {owner.pid} on {owner.host}, which cannot be "
            f"looked for from here; if it has ended, remove {lock} and try again, or choose "
            "another folder"
        )


def _owner(content: bytes) -> Owner | None:
    try:
        values = json.loads(content)
        return Owner.model_validate({key: values[key] for key in Owner.model_fields})
    except (ValueError, TypeError, KeyError, ValidationError):
        return None


def _is_of_own_series(content: bytes) -> bool:
    series = _SERIES.get()
    return series is not None and json.loads(content).get("series") == series


def _entry(lock: Path, key: str) -> str | None:
    try:
        return json.loads(lock.read_bytes()).get(key)
    except (OSError, ValueError, AttributeError):
        return None
