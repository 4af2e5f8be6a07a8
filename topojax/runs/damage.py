"""What is said of a file of a run folder that cannot be used."""

from __future__ import annotations

from pathlib import Path

from topojax.errors import RunError


def unreadable(path: Path, error: Exception) -> RunError:
    """Return the error of a file that is missing or damaged, in one line."""
    if not path.exists():
        return RunError(f"{path} is missing; the run did not end, so resume it")
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    return RunError(f"{path} cannot be read: {reason}; fit into a new folder")


def broken(path: Path, reason: str) -> RunError:
    """Return the error of a file that holds something else than a run's, or does not fit others."""
    return RunError(f"{path} does not hold a finished run: {reason}; fit into a new folder")
