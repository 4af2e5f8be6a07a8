"""A Dask cluster of two processes, and jobs of submitit on this machine as those of SLURM."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import AbstractContextManager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import slurm_stand_in
from spread_calls import begun_of, refused, slept, squared, squared_unless_killed
from topojax.errors import RunError
from topojax.executors import (
    ItemsLostError,
    Spreading,
    dask_cluster,
    open_executor,
    slurm_jobs,
    spread,
)
from topojax.executors.slurm_jobs import job_executor


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    """Return the address of a cluster that gives a task up when it has ended two workers."""
    import dask
    from distributed import Client, LocalCluster

    settings = {"distributed.scheduler.allowed-failures": 1, "logging.distributed": "critical"}
    with (
        dask.config.set(settings),
        LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50
        ) as cluster,
    ):
        yield cluster.scheduler_address
        with Client(cluster) as client:
            client.wait_for_workers(2)  # one that is starting cannot be ended


def _opened(kind: str, scheduler: str, folder: Path) -> AbstractContextManager[Executor | None]:
    if kind == "dask":
        return open_executor(Spreading(scheduler=scheduler))
    import submitit

    return job_executor(submitit.LocalExecutor(folder / "jobs"), poll_s=0.1)


@pytest.fixture(params=["dask", "jobs"])
def opened(
    request: pytest.FixtureRequest,
    scheduler: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Any:
    """Return a function that opens an executor of each kind."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))
    monkeypatch.setattr(slurm_jobs, "_GRACE_S", 0.2)
    return partial(_opened, request.param, scheduler, tmp_path)


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    (tmp_path / "notes").mkdir()
    return tmp_path / "notes"


def test_what_a_killed_worker_did_is_done_again_and_nothing_else(opened: Any, notes: Path) -> None:
    call = partial(squared_unless_killed, notes, (1,), 1)
    with opened() as executor:
        found = dict(spread(executor, call, range(4), what="item"))
    assert found == {n: n**2 for n in range(4)}
    begun = begun_of(notes)
    assert begun[1] == 2
    # Dask may take an item from a lost worker that it was about to begin, too.
    assert set(begun) == set(range(4))


def test_an_item_that_ends_every_worker_is_named_when_the_others_are_done(
    opened: Any, notes: Path
) -> None:
    call, found = partial(squared_unless_killed, notes, (1,), 99), {}
    with opened() as executor, pytest.raises(ItemsLostError, match="item 1: its worker died"):
        found.update(spread(executor, call, range(3), what="item", tries=2))
    assert found == {0: 0, 2: 4}


def test_what_a_call_raises_is_raised_as_it_is(opened: Any) -> None:
    with opened() as executor, pytest.raises(LookupError, match="nothing of 1"):
        list(spread(executor, refused, [1], what="item"))


def test_where_the_block_ends_early_nothing_more_is_begun(opened: Any, notes: Path) -> None:
    call, naps = partial(slept, notes), [0.0, *(30.0 + n for n in range(4))]

    def first(executor: Executor | None) -> None:
        for index, _ in spread(executor, call, naps, what="nap"):
            raise KeyboardInterrupt(index)

    with pytest.raises(KeyboardInterrupt), opened() as executor:
        first(executor)
    begun = begun_of(notes)
    time.sleep(0.5)
    assert begun_of(notes) == begun
    for file in notes.iterdir():
        # A task of Dask that has begun cannot be ended; the cluster is another's.
        with suppress(ProcessLookupError):
            os.kill(int(file.name.rpartition("_")[2]), signal.SIGKILL)


def test_an_array_is_sent_to_the_partition_with_the_options(
    notes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slurm_stand_in.install(tmp_path / "bin")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))
    asked = Spreading(slurm="gpu,time=20")
    with open_executor(asked, folder=tmp_path / "jobs") as executor:
        assert not (tmp_path / "jobs").exists()
        found = dict(spread(executor, partial(squared, notes), range(3), what="item"))
    assert found == {0: 0, 1: 1, 2: 4}
    assert begun_of(notes) == Counter(range(3))
    assert (tmp_path / "bin" / "submitted").read_text() == "gpu 20 0-2%3\n"
    assert not (tmp_path / "bin" / "cancelled").exists()


def test_all_of_an_array_is_cancelled_by_its_number(
    notes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slurm_stand_in.install(tmp_path / "bin")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))
    asked = Spreading(slurm="gpu")

    def interrupted(executor: Executor) -> None:
        for _ in range(3):
            executor.submit(slept, notes, 2.0)
        until = time.monotonic() + 20
        while not begun_of(notes) and time.monotonic() < until:
            time.sleep(0.05)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), open_executor(asked, folder=tmp_path / "j") as executor:
        interrupted(executor)
    assert (tmp_path / "bin" / "submitted").read_text() == "gpu 240 0-2%3\n"
    assert (tmp_path / "bin" / "cancelled").read_text() == "77\n"


def test_where_there_is_no_cluster_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask_cluster, "_PATIENCE_S", 0.3)
    with (
        pytest.raises(
            RunError, match=r"--scheduler=tcp://127\.0\.0\.1:1: no Dask scheduler answers"
        ),
        open_executor(Spreading(scheduler="tcp://127.0.0.1:1")),
    ):
        pass
    monkeypatch.setenv("PATH", "")
    with (
        pytest.raises(RunError, match="--slurm=gpu: no sbatch and srun here"),
        open_executor(Spreading(slurm="gpu")),
    ):
        pass
