"""What tells that a worker died, rather than that its work failed."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from concurrent.futures import BrokenExecutor, CancelledError

from topojax.errors import RunError


class WorkerDiedError(BrokenExecutor):
    """A worker that ended without a result or an exception of its work."""


class ItemsLostError(RunError):
    """Items whose workers died at every try.

    Attributes:
        reasons: from an item's place to why it has no result; a sentence.
    """

    def __init__(self, message: str, reasons: Mapping[int, str]) -> None:
        super().__init__(message)
        self.reasons = reasons


def is_death(error: BaseException) -> bool:
    """Tell whether a future's exception says that its worker died or was lost.

    A future that Dask gave up, as when its scheduler was started again, is cancelled.
    """
    if isinstance(error, BrokenExecutor | CancelledError):
        return True
    # Who has not imported it has no future of it.
    distributed = sys.modules.get("distributed")
    if distributed is None:
        return False
    from distributed.comm import CommClosedError

    return isinstance(error, distributed.KilledWorker | CommClosedError)
