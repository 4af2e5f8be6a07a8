"""Jobs of SLURM, sent as arrays by submitit, behind futures."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, Future, InvalidStateError
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, TypeVar

from topojax.errors import RunError, shown
from topojax.executors.deaths import WorkerDiedError

if TYPE_CHECKING:
    import submitit

_Result = TypeVar("_Result")

# Minutes, unless the user says otherwise: submitit's own default is five.
_TIME = "240"
# Seconds for which the file of a job that has ended may be on its way over a network's disk.
_GRACE_S = 15.0


@contextmanager
def slurm_executor(options: Mapping[str, str], folder: Path) -> Iterator[Executor]:
    """Open an executor whose calls are jobs; where the block raises, all of them are cancelled.

    Args:
        options: of `sbatch`, among them `partition`; `time` is 240 minutes unless given.
        folder: of the jobs' files and logs, on a disk that all nodes share.

    Raises:
        RunError: there is no SLURM here.
    """
    import submitit

    if shutil.which("sbatch") is None or shutil.which("srun") is None:
        raise RunError(
            f"--slurm={options['partition']}: no sbatch and srun here; give the command on a "
            "machine that sends jobs to SLURM"
        )
    sender = submitit.SlurmExecutor(folder)
    sender.update_parameters(job_name="topojax", additional_parameters={"time": _TIME, **options})
    with job_executor(sender) as executor:
        yield executor


@contextmanager
def job_executor(sender: submitit.Executor, *, poll_s: float = 1.0) -> Iterator[Executor]:
    """Open an executor over one of submitit's; where the block raises, all jobs are cancelled."""
    executor = JobExecutor(sender, poll_s)
    try:
        yield executor
    except BaseException:
        executor.shutdown(wait=False, cancel_futures=True)
        raise
    executor.shutdown()


@dataclass
class _Told:
    """What a call came to; submitit by itself would tell of an exception as text."""

    result: Any = None
    error: Exception | None = None


def _told(call: Callable[..., Any], args: tuple, kwargs: dict[str, Any]) -> _Told:
    try:
        return _Told(call(*args, **kwargs))
    except Exception as error:
        return _Told(error=error)


@dataclass
class _Sent:
    """A job and whose result it brings."""

    future: Future[Any]
    job: submitit.Job[_Told]
    ended: float | None = field(default=None)


class JobExecutor(Executor):
    """Calls that are given within one look at the jobs become one array.

    Args:
        sender: what sends and cancels jobs, and tells what became of them.
        poll_s: seconds between two looks at the jobs.
    """

    def __init__(self, sender: submitit.Executor, poll_s: float) -> None:
        self._sender, self._poll_s = sender, poll_s
        self._given: SimpleQueue[tuple[Future[Any], tuple]] = SimpleQueue()
        self._sent: list[_Sent] = []
        self._closing, self._cancelled = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def submit(self, fn: Callable[..., _Result], /, *args: Any, **kwargs: Any) -> Future[_Result]:
        """Send a call as a job, with those that are given at about the same time."""
        if self._closing.is_set():
            raise RuntimeError("no job can be sent after shutdown")
        future: Future[_Result] = Future()
        self._given.put((future, (fn, args, kwargs)))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Send no more jobs; wait for those that were sent, or cancel them."""
        if cancel_futures:
            self._cancelled.set()
        self._closing.set()
        if wait or cancel_futures:
            self._thread.join()

    def _work(self) -> None:
        try:
            self._take_turns()
        except Exception as error:
            # Whatever it is: nobody else would end the wait for these.
            self._closing.set()
            for future in [one.future for one in self._sent] + [one for one, _ in self._waiting()]:
                _tell(future, error)
        _cancel([one.job for one in self._sent])

    def _take_turns(self) -> None:
        """Send and look, until nothing is left of either."""
        while not self._cancelled.wait(self._poll_s):
            is_closing = self._closing.is_set()
            self._send(self._waiting())
            self._sent = [one for one in self._sent if not self._has_landed(one)]
            if is_closing and not self._sent:
                return

    def _waiting(self) -> list[tuple[Future[Any], tuple]]:
        found = []
        with suppress(Empty):
            while True:
                found.append(self._given.get_nowait())
        return [(future, call) for future, call in found if not future.cancelled()]

    def _send(self, calls: list[tuple[Future[Any], tuple]]) -> None:
        if not calls:
            return
        try:
            with self._sender.batch():
                jobs = [self._sender.submit(_told, *call) for _, call in calls]
        except Exception as error:
            # Whatever it is: a future that comes to nothing would be waited for forever.
            refused = RunError(f"SLURM took no jobs: {shown(' '.join(str(error).split()), 300)}")
            for future, _ in calls:
                _tell(future, refused)
            return
        self._sent += [_Sent(future, job) for (future, _), job in zip(calls, jobs, strict=True)]

    def _has_landed(self, sent: _Sent) -> bool:
        """Hand over what a job came to, or cancel one that nobody waits for."""
        if sent.future.cancelled():
            sent.job.cancel(check=False)
            return True
        if not sent.job.done():
            return False
        if sent.job.paths.result_pickle.exists():
            _tell(sent.future, _outcome(sent.job))
            return True
        sent.ended = sent.ended or time.monotonic()
        if time.monotonic() - sent.ended < _GRACE_S:
            return False
        _tell(
            sent.future, WorkerDiedError(f"job {sent.job.job_id} ended as {_last_words(sent.job)}")
        )
        return True


def _tell(future: Future[Any], outcome: _Told | Exception) -> None:
    with suppress(InvalidStateError):  # cancelled meanwhile
        if isinstance(outcome, Exception):
            future.set_exception(outcome)
        elif outcome.error is not None:
            future.set_exception(outcome.error)
        else:
            future.set_result(outcome.result)


def _outcome(job: submitit.Job[_Told]) -> _Told | Exception:
    try:
        return job.result()
    except Exception as error:
        # Not of the work: it could not be read in the job, or its result could not be written.
        last = str(error).strip("-\n ").splitlines() or [type(error).__name__]
        return RunError(
            f"job {job.job_id} failed around its work; see {job.paths.stderr} ({last[-1]})"
        )


def _last_words(job: submitit.Job[_Told]) -> str:
    said = (job.stderr() or "").strip().splitlines()[-1:]
    return " ".join([job.state, *(f"({shown(line)})" for line in said), f"{job.paths.stderr}"])


def _cancel(jobs: list[submitit.Job[_Told]]) -> None:
    """Cancel jobs, of an array all at once."""
    seen: set[str] = set()
    for job in jobs:
        whole, _, place = job.job_id.partition("_")
        if not place:
            job.cancel(check=False)
        elif whole not in seen:
            seen.add(whole)
            type(job)(job.paths.folder, whole).cancel(check=False)
