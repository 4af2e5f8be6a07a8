"""Every epoch of every network in the log once, whichever process was killed when.

Who trains here logs each epoch when it is over. Of networks that other processes train, the epochs
are logged by the one process that owns the log, once the network is there; until then a file beside
the network's state says how many of its epochs the log has.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict

from topojax.files import make_folder, write_atomically
from topojax.pipeline.announce import Pace
from topojax.pipeline.plan import FitPlan, n_networks
from topojax.pipeline.spread.job import NetworkJob
from topojax.training import EpochRecord

_LOGGED = "epochs_in_log"


class EpochLog:
    """Logs the epochs of a plan's networks, and says how long the rest will take."""

    def __init__(self, plan: FitPlan) -> None:
        self._plan = plan
        epochs = plan.config.backbone.epochs
        self._pace = Pace("backbone", "epoch", epochs * n_networks(plan.config.cam))

    def of(self, job: NetworkJob) -> Callable[[EpochRecord], None]:
        """Return what is called after an epoch of a network that is trained here."""
        before = job.number * self._plan.config.backbone.epochs

        def on_epoch(record: EpochRecord) -> None:
            self._log(job, (record,))
            self._pace(before + record.epoch)

        return on_epoch

    def catch_up(self, job: NetworkJob) -> None:
        """Log the epochs that another process has ended and no log has."""
        logged = None if job.folder is None else job.folder / _LOGGED
        if logged is not None and logged.exists():
            self._log(job, job.history()[int(logged.read_text()) :])
            logged.unlink()

    def leave(self, job: NetworkJob) -> None:
        """Take note of the epochs that the log has, before another process ends more of them."""
        assert job.folder is not None
        self.catch_up(job)
        make_folder(job.folder, "choose another run folder")
        write_atomically(job.folder / _LOGGED, f"{len(job.history())}".encode())

    def _log(self, job: NetworkJob, records: Sequence[EpochRecord]) -> None:
        number = {} if job.total == 1 else {"network": job.number}
        for record in records:
            self._plan.log("epoch", **asdict(record), **number)
