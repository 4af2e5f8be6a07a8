"""A run's records to one sink: what it has not got yet, in the order of the log."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from topojax.runs import Environment, Metrics
from topojax.runs.folder import CONFIG_NAME
from topojax.runs.record import read_json
from topojax.sinks.event_records import EventRecords
from topojax.sinks.file_records import final_records, parameters
from topojax.sinks.records import Entry, Record, Scalar
from topojax.sinks.sink import Mark, Origin, Sink, find_sink
from topojax.sinks.watching import Seen, State, run_id, watch

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class Sent:
    """What came of sending.

    Attributes:
        place: where the run is now, for people.
        n_lines: of the log that were new there.
        state: of the run when it was looked at last.
    """

    place: str
    n_lines: int
    state: State


def send_run(folder: Path, sink: str, *, output: Path | None = None, follow: bool = False) -> Sent:
    """Send what a run folder says to a sink, as far as the sink does not have it.

    Args:
        folder: of the run, finished or not; it is only read.
        sink: a key of `topojax.sinks.SINKS`.
        output: the sink's folder; None: what the sink's library is set to.
        follow: go on while the run does.

    Raises:
        ConfigError: the sink's extra is not installed, or it needs another `output`.
        RunError: see `topojax.sinks.watching.watch`; a file of the run is damaged; or the sink
            refuses.
    """
    open_sink = find_sink(sink)
    moments = watch(folder, follow=follow)
    first = next(moments)
    origin = Origin(run_id(folder, first.log), folder.absolute().name, first.log.events[0].time)
    with closing(open_sink(origin, output)) as opened:
        before, sender = opened.mark.lines, _Sender(folder, opened)
        for seen in chain([first], moments):
            sender.send(seen)
        opened.end(seen.state, seen.log.events[-1].time)
        if seen.log.is_cut and seen.state is State.INTERRUPTED:
            _LOGGER.warning("%s: a kill has cut the log's last line, which is left out", folder)
        return Sent(opened.place, opened.mark.lines - before, seen.state)


def sendable(records: Sequence[Record], sink: Sink) -> tuple[Record, ...]:
    """Return records without the values that a sink does not keep; each of those is told of."""
    refused = [
        one
        for one in records
        if isinstance(one, Scalar) and math.isinf(one.value) and not sink.takes_infinite
    ]
    for one in refused:
        at = f" of {one.axis} {one.step}" if one.axis else ""
        _LOGGER.warning(
            "%s%s is %s and left out: %s does not keep it", one.name, at, one.value, sink.place
        )
    return tuple(one for one in records if one not in refused)


class _Sender:
    """Goes through the events of one run, each once, and sends what is new to the sink."""

    def __init__(self, folder: Path, sink: Sink) -> None:
        self._folder, self._sink = folder, sink
        self._config = read_json(folder / CONFIG_NAME)
        self._records = EventRecords(self._config.get("search", {}).get("searches", 1))
        self._n_read = 0

    def send(self, seen: Seen) -> None:
        """Send what is new of a run."""
        mark = Mark(
            lines=max(self._sink.mark.lines, len(seen.log.events)),
            is_whole=self._sink.mark.is_whole or seen.state is State.FINISHED,
        )
        entries = list(self._entries(seen))
        if mark != self._sink.mark:
            self._sink.send(entries, mark)

    def _entries(self, seen: Seen) -> Iterator[Entry]:
        had, events = self._sink.mark, seen.log.events
        if had.lines == 0:
            data = Environment.read(self._folder).data.to_json()
            yield Entry(0, parameters(self._config | {"data": data}))
        for event in events[self._n_read :]:
            # Also where the sink has it: what is counted goes on from there.
            entry = self._records.entry(event)
            if event.line > had.lines:
                yield replace(entry, records=sendable(entry.records, self._sink))
        self._n_read = len(events)
        if seen.state is State.FINISHED and not had.is_whole:
            metrics = Metrics.read(self._folder)
            found = final_records(self._folder, metrics, events[-1].time)
            yield Entry(len(events) + 1, sendable(found, self._sink))
