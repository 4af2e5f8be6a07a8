"""Work that the tests of `topojax.executors` spread: other processes import it by this name."""

from __future__ import annotations

import os
import pickle
import signal
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np


def begun(folder: Path, item: int) -> int:
    """Note in a folder that an item was begun, and return how often it has been by now."""
    n = len(list(folder.glob(f"{item}_*")))
    (folder / f"{item}_{n}_{os.getpid()}").touch()
    return n + 1


def squared(folder: Path, item: int) -> int:
    begun(folder, item)
    return item**2


def squared_unless_killed(folder: Path, killed: tuple[int, ...], times: int, item: int) -> int:
    """Kill the process at the first so many tries of some of the items."""
    if begun(folder, item) <= times and item in killed:
        os.kill(os.getpid(), signal.SIGKILL)
    return item**2


def refused(item: int) -> int:
    """Raise what no other item raises."""
    if item == 1:
        raise LookupError(f"nothing of {item}")
    return item


def slept(folder: Path, item: float) -> float:
    begun(folder, int(item))
    time.sleep(item)
    return item


def threads(_: int) -> dict[str, Any]:
    """Return how many threads libraries take here."""
    import jax
    import numba

    from topojax.kernels.threads import check_threads

    jax.numpy.ones((400, 400)).dot(jax.numpy.ones((400, 400))).block_until_ready()
    names = [file.read_text().strip() for file in Path("/proc/self/task").glob("*/comm")]
    return {
        "kernels": check_threads(None),
        "numba": numba.config.NUMBA_NUM_THREADS,
        "xla": sum(name.startswith("tf_XLAEigen") for name in names),
        "names": sorted(names),
        "processors": sorted(os.sched_getaffinity(0)),
        "environment": dict(os.environ),
    }


def begun_of(folder: Path) -> Counter[int]:
    """Return how often each item was begun, by the notes in a folder."""
    return Counter(int(file.name.partition("_")[0]) for file in folder.iterdir())


class Pickling(ThreadPoolExecutor):
    """Threads of this process that get their work as other processes would."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        fn, args, kwargs = pickle.loads(pickle.dumps((fn, args, kwargs)))
        return super().submit(fn, *args, **kwargs)


@dataclass(frozen=True)
class KillsOnce:
    """A volume whose reader is killed the first time that it comes to a plane."""

    path: Path
    shape: tuple[int, ...]
    plane: int

    def __getitem__(self, planes: slice) -> np.ndarray:
        marker = self.path.with_suffix(".killed")
        if planes.start <= self.plane < planes.stop and not marker.exists():
            marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return np.array(np.load(self.path, mmap_mode="r")[planes])

    def identity(self) -> str:
        return str(self.path)
