"""MLflow: a folder, or whatever MLFLOW_TRACKING_URI names.

A run is found again by its tag `topojax.run`. The tags `topojax.lines` and `topojax.is_whole` go
with the last of its values and say how much of it is there.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from topojax.sinks.records import Entry, File, Note, Parameter, Scalar
from topojax.sinks.sink import GO_ON, Mark, Origin, refusals_of, require
from topojax.sinks.watching import State

# MLflow tells its makers of its use unless this is set before it is imported.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
mlflow = require("mlflow", "mlflow")

_STATUS = {State.RUNNING: "RUNNING", State.FINISHED: "FINISHED", State.INTERRUPTED: "KILLED"}
_BATCH = 100  # of parameters at most; of values MLflow takes more


class MlflowSink:
    """One run of MLflow, in the experiment MLFLOW_EXPERIMENT_NAME or `topojax`.

    Args:
        origin: the run.
        output: folder of a file store; None: what MLflow is set to.

    Raises:
        RunError: MLflow refuses, in its words; so do all methods.
    """

    # Databases of MLflow put the largest double in place of what is infinite.
    takes_infinite = False

    def __init__(self, origin: Origin, output: Path | None) -> None:
        if output is not None:
            # MLflow keeps file stores for those who ask for one.
            os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")
        uri = mlflow.get_tracking_uri() if output is None else output.absolute().as_uri()
        self.place = f"MLflow at {uri}"
        with self._refusals("give --output, a folder, or set MLFLOW_TRACKING_URI"):
            self._client = mlflow.MlflowClient(tracking_uri=uri)
            run = self._found_or_made(origin)
        self._id, self._status, tags = run.info.run_id, run.info.status, run.data.tags
        lines = int(tags.get("topojax.lines", 0))
        self.mark = Mark(lines=lines, is_whole=tags.get("topojax.is_whole") == "True")

    def send(self, entries: Sequence[Entry], mark: Mark) -> None:
        """Send entries; the mark goes with the last of their values."""
        records = [record for entry in entries for record in entry.records]
        params = [_param(one) for one in records if isinstance(one, Parameter)]
        values = [_metric(one) for one in records if isinstance(one, Scalar)]
        tag, marks = mlflow.entities.RunTag, mark.to_json().items()
        with self._refusals():
            for record in records:
                if isinstance(record, File):
                    self._client.log_artifact(self._id, str(record.path))
                elif isinstance(record, Note):
                    self._client.log_text(self._id, record.text + "\n", f"{record.name}.md")
            for batch in _batches(params):
                self._client.log_batch(self._id, params=batch)
            *others, last = _batches(values) or [[]]
            for batch in others:
                self._client.log_batch(self._id, batch)
            self._client.log_batch(
                self._id, last, tags=[tag(f"topojax.{key}", str(value)) for key, value in marks]
            )
        self.mark = mark

    def end(self, state: State, time: float) -> None:
        """Set the status, and the time of the end where there is one."""
        if _STATUS[state] == self._status:
            return
        with self._refusals():
            if state is State.RUNNING:
                self._client.update_run(self._id, _STATUS[state])
            else:
                self._client.set_terminated(self._id, _STATUS[state], round(time * 1000))

    def close(self) -> None:
        """Do nothing: a client holds nothing."""

    def _refusals(self, remedy: str = GO_ON) -> Any:
        # A server out of reach is an OSError; a database needs more than mlflow-skinny.
        return refusals_of(self.place, remedy, mlflow.MlflowException, OSError, ImportError)

    def _found_or_made(self, origin: Origin) -> Any:
        name = os.environ.get("MLFLOW_EXPERIMENT_NAME", "topojax")
        known = self._client.get_experiment_by_name(name)
        experiment = known.experiment_id if known else self._client.create_experiment(name)
        query, tags = f"tags.`topojax.run` = '{origin.id}'", {"topojax.run": origin.id}
        for run in self._client.search_runs([experiment], query, max_results=1):
            return run
        begun = round(origin.started * 1000)
        return self._client.create_run(experiment, begun, tags, origin.name)


def _param(one: Parameter) -> Any:
    return mlflow.entities.Param(one.name, str(one.value))


def _metric(one: Scalar) -> Any:
    # MLflow refuses other characters, the plus of `topology+embedding` among them.
    name = re.sub(r"[^\w./ -]", "_", one.name.replace("+", "_and_"))
    return mlflow.entities.Metric(name, one.value, round(one.time * 1000), one.step)


def _batches(entities: list[Any]) -> list[list[Any]]:
    return [entities[start : start + _BATCH] for start in range(0, len(entities), _BATCH)]
