"""Who owns a folder: a process on a machine, and whether it still lives.

A process number says little by itself: numbers are used again, containers count for themselves, and
another machine has its own. So the owner's start, its machine and its space of process numbers are
recorded beside it, and only a process that can be looked for from here is ever called dead.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from enum import Enum
from pathlib import Path

from topojax.runs.record import Record

# Windows tells neither by a file nor by a command that is everywhere.
_UNKNOWN = ""


class Fate(Enum):
    """What became of an owner, as far as it can be told from here."""

    LIVING = "living"
    DEAD = "dead"
    UNKNOWN = "unknown"


class Owner(Record):
    """A process.

    Attributes:
        pid: its number.
        host: name of the machine, for people.
        machine: what tells this machine, and its space of process numbers, from others; empty where
            the system does not say.
        boot: which start of the machine it ran in; empty where the system does not say.
        started: when it started, in the system's own words; empty where it does not say.
    """

    pid: int
    host: str
    machine: str
    boot: str
    started: str

    @classmethod
    def this(cls) -> Owner:
        """Return this process."""
        pid = os.getpid()
        return cls(
            pid=pid,
            host=socket.gethostname(),
            machine=_machine(),
            boot=_first_line(Path("/proc/sys/kernel/random/boot_id")),
            started=_started(pid),
        )

    def fate(self) -> Fate:
        """Tell whether the process lives, is dead, or cannot be looked for from here."""
        here = Owner.this()
        if not self.started or (self.host, self.machine) != (here.host, here.machine):
            return Fate.UNKNOWN
        if self.boot != here.boot:
            # Machines without an identity of their own may share a name.
            return Fate.DEAD if _first_line(Path("/etc/machine-id")) else Fate.UNKNOWN
        return Fate.LIVING if _started(self.pid) == self.started else Fate.DEAD


def _machine() -> str:
    """Return the machine's identity and the namespace of its process numbers, where it has them."""
    try:
        numbers = os.readlink("/proc/self/ns/pid")
    except OSError:  # no such thing outside Linux
        numbers = _UNKNOWN
    return f"{_first_line(Path('/etc/machine-id'))} {numbers}".strip()


def _started(pid: int) -> str:
    """Return when a process started; empty if there is none, or the system does not say."""
    if sys.platform == "linux":
        # The name before the last parenthesis may hold anything; field 22 is the start's tick.
        fields = _first_line(Path(f"/proc/{pid}/stat")).rpartition(")")[2].split()
        ended = fields[:1] in (["Z"], ["X"])
        return fields[19] if len(fields) > 19 and not ended else _UNKNOWN
    if os.name != "posix":
        return _UNKNOWN
    asked = subprocess.run(
        ["ps", "-o", "lstart=", "-p", str(pid)],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
    )
    return asked.stdout.strip()


def _first_line(path: Path) -> str:
    """Return the first line of a file of the system; empty where there is no such file."""
    try:
        return path.read_text("utf-8", errors="replace").partition("\n")[0]
    except OSError:
        return _UNKNOWN
