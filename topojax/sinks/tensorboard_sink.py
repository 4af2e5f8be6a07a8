"""TensorBoard: event files in a folder of the run's own, beside those of other runs.

`topojax.json` there says how much of the run they hold. It is written once they are on the disk.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from topojax.errors import ConfigError
from topojax.files import make_folder
from topojax.sinks.records import Entry, Note, Parameter, Scalar
from topojax.sinks.sink import GO_ON, Mark, Origin, refusals_of, require
from topojax.sinks.watching import State

# Its SummaryWriter writes by a thread and cannot be asked whether that is done; this part can.
event_file_writer = require("tensorboardX.event_file_writer", "tensorboard")
event_pb2 = require("tensorboardX.proto.event_pb2", "tensorboard")
summary = require("tensorboardX.summary", "tensorboard")


class TensorBoardSink:
    """The folder `NAME-ID` of one run; files of the run folder are no part of TensorBoard.

    Args:
        origin: the run.
        output: the folder that `tensorboard --logdir` is given.

    Raises:
        ConfigError: there is no `output`.
        RunError: the folder cannot be written.
    """

    takes_infinite = True

    def __init__(self, origin: Origin, output: Path | None) -> None:
        if output is None:
            raise ConfigError(
                "sink='tensorboard' needs --output, the folder that `tensorboard --logdir` reads"
            )
        # Found by its end, whatever the run folder is called by now.
        known = sorted(output.glob(f"*-{origin.id}"))
        self._folder = known[0] if known else output / f"{origin.name}-{origin.id}"
        self._started = origin.started
        self._writer: Any = None
        self.place = str(self._folder)
        make_folder(self._folder, "choose another --output")
        has_mark = (self._folder / Mark.file_name).exists()
        self.mark = Mark.read(self._folder) if has_mark else Mark()

    def send(self, entries: Sequence[Entry], mark: Mark) -> None:
        """Write entries to one event file, then the mark."""
        records = [record for entry in entries for record in entry.records]
        table = [f"| {one.name} | {one.value} |" for one in records if isinstance(one, Parameter)]
        if table:
            text = "\n".join(["| key | value |", "|---|---|", *table])
            records.insert(0, Note("configuration", text, self._started))
        with refusals_of(self.place, GO_ON, OSError):
            for record in records:
                if isinstance(record, Scalar):
                    self._write(summary.scalar(record.name, record.value), record.step, record.time)
                elif isinstance(record, Note):
                    self._write(summary.text(record.name, record.text), 0, record.time)
            if self._writer is not None:
                self._writer.flush()
        mark.write(self._folder)
        self.mark = mark

    def end(self, state: State, time: float) -> None:
        """Do nothing: event files know no end."""

    def close(self) -> None:
        """Close the event file."""
        if self._writer is not None:
            self._writer.close()

    def _write(self, value: Any, step: int, time: float) -> None:
        if self._writer is None:
            # Names hold the second; the number of the line keeps two of the same second apart.
            prefix, suffix = str(self._folder / "events"), f".{self.mark.lines:09}"
            self._writer = event_file_writer.EventsWriter(prefix, suffix)
        self._writer.write_event(event_pb2.Event(summary=value, step=step, wall_time=time))
