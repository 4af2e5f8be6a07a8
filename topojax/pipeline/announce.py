"""What a long fit says: what it is about to do, how long it took, how long it expects."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

_LOGGER = logging.getLogger(__name__)

Log = Callable[..., None]


def no_log(event: str, **fields: Any) -> None:
    """Record nothing; the journal of a fit without a run folder."""


class Stopwatch:
    """Wall-clock seconds by stage, each stage's start and end in the journal and on the logger."""

    def __init__(self, log: Log) -> None:
        self.seconds: dict[str, float] = {}
        self._log = log

    @contextmanager
    def stage(self, name: str, plan: str) -> Iterator[None]:
        """Time the block as stage `name`; say its plan first."""
        self._log("stage_started", stage=name)
        _LOGGER.info("%s: %s", name, plan)
        start = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - start
        self._log("stage_finished", stage=name, seconds=round(self.seconds[name], 3))
        _LOGGER.info("%s: done in %s", name, duration(self.seconds[name]))


class Pace:
    """Says, once the second of many equal steps is done, how long the rest will take.

    The first step compiles and tells nothing about the others.
    """

    def __init__(self, stage: str, step: str, total: int) -> None:
        self._stage, self._step, self._total = stage, step, total
        self._seen = 0
        self._last = time.perf_counter()

    def __call__(self, index: int) -> None:
        """Take note that step `index` (from 0) has ended."""
        now = time.perf_counter()
        seconds, self._last = now - self._last, now
        self._seen += 1
        left = self._total - index - 1
        if self._seen == 2 and left > 0:
            _LOGGER.info(
                "%s: one %s takes %s, the %d to come about %s",
                self._stage,
                self._step,
                duration(seconds),
                left,
                duration(seconds * left),
            )


def duration(seconds: float) -> str:
    """Return a duration for people: `4.2 s`, `3 min 20 s`, `2 h 05 min`."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    if seconds < 3600:
        return f"{seconds // 60:.0f} min {seconds % 60:02.0f} s"
    return f"{seconds // 3600:.0f} h {seconds % 3600 // 60:02.0f} min"
