"""From what a user asked for to an executor that is open while a block runs."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from pathlib import Path

from topojax.executors.spreading import Spreading
from topojax.executors.xla_threads import same_xla_threads

_SLURM_FOLDER = Path("topojax-slurm")


@contextmanager
def open_executor(spreading: Spreading, *, folder: Path | None = None) -> Iterator[Executor | None]:
    """Open the executor that was asked for; None where none was, and the work is done here.

    Where the block raises, what has not begun is never begun, and processes and jobs that were
    started for it are ended.

    Args:
        spreading: what was asked for.
        folder: of the jobs' files and logs with SLURM, on a disk that all nodes share; it is made
            when the first jobs are sent. None: `topojax-slurm` where the command was given.

    Raises:
        RunError: no scheduler answers at the address, or there is no SLURM here.
    """
    if spreading.workers is not None:
        from topojax.executors.processes import process_executor

        with same_xla_threads(), process_executor(spreading.workers) as executor:
            yield executor
    elif spreading.scheduler is not None:
        from topojax.executors.dask_cluster import cluster_executor

        with cluster_executor(spreading.scheduler) as executor:
            yield executor
    elif spreading.slurm is not None:
        from topojax.executors.slurm_jobs import slurm_executor

        options = spreading.slurm_options()
        with same_xla_threads(), slurm_executor(options, folder or _SLURM_FOLDER) as executor:
            yield executor
    else:
        yield None
