"""Logs are read line by line; a line that is no event is named."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topojax.errors import RunError
from topojax.sinks.event_log import Event, parse_event, read_log

from .conftest import BEGUN, EVENTS, lines

LOG = Path("run") / "log.jsonl"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


def _parsed(values: object) -> Event:
    return parse_event(json.dumps(values).encode(), 7, LOG)


def test_events_are_those_that_were_written(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_text(lines(EVENTS))
    log = read_log(tmp_path)
    assert log is not None
    assert not log.is_cut
    assert [{"event": one.name, **one.fields} for one in log.events] == list(EVENTS)
    assert [one.line for one in log.events] == list(range(1, len(EVENTS) + 1))
    assert [one.time for one in log.events] == [BEGUN + second for second in range(len(EVENTS))]


@pytest.mark.parametrize("n_bytes", [1, 20, len(lines(EVENTS[2:3])) - 1])
def test_a_line_without_its_end_is_not_read_yet(tmp_path: Path, n_bytes: int) -> None:
    (tmp_path / "log.jsonl").write_text(lines(EVENTS[:2]) + lines(EVENTS[2:3])[:n_bytes])
    log = read_log(tmp_path)
    assert log is not None
    assert (len(log.events), log.is_cut) == (2, True)


def test_there_may_be_no_log_yet(tmp_path: Path) -> None:
    assert read_log(tmp_path) is None


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"{'time': 1}", "is no JSON"),
        (b"\xff\xfe", "is no JSON"),
        (b"[" * 100_000, "is no JSON"),
        (b"", "is no JSON"),
        (b"[]", "not a JSON object"),
        (b'{"time": "2026-01-01T00:00:00+00:00"}', "lacks the name"),
        (b'{"event": "epoch"}', "time=None is no time"),
        (b'{"event": "epoch", "time": "noon"}', "'noon' is no time"),
        (b'{"event": "epoch", "time": "2026-01-01T00:00:00"}', "lacks its zone"),
    ],
)
def test_a_damaged_line_is_named(tmp_path: Path, line: bytes, reason: str) -> None:
    (tmp_path / "log.jsonl").write_bytes(lines(EVENTS[:2]).encode() + line + b"\n")
    with pytest.raises(RunError, match=reason) as caught:
        read_log(tmp_path)
    assert "log.jsonl, line 3: " in str(caught.value)
    assert "\n" not in str(caught.value)


@given(st.binary(max_size=80) | JSON.map(lambda values: json.dumps(values).encode()))
def test_any_line_is_an_event_or_is_refused_by_name(line: bytes) -> None:
    try:
        event = parse_event(line, 7, LOG)
    except RunError:
        with pytest.raises(RunError, match="line 7: "):
            parse_event(line, 7, LOG)
    else:
        assert {"event", "time"} <= json.loads(line).keys()
        assert event.line == 7


@given(JSON)
def test_fields_are_of_their_kind_or_refused_by_name(value: object) -> None:
    time = "2026-01-01T00:00:00+00:00"
    event = _parsed({"time": time, "event": "epoch", "field": value})
    is_int = isinstance(value, int) and not isinstance(value, bool)
    kinds = {
        "real": is_int or isinstance(value, float),
        "count": is_int and 0 <= value < 2**63,
        "text": isinstance(value, str),
    }
    for kind, fits in kinds.items():
        if fits:
            found = getattr(event, kind)("field")
            assert found == value or (math.isnan(found) and math.isnan(value))
        else:
            with pytest.raises(RunError, match=r"line 7: field of epoch is .*, expected a"):
                getattr(event, kind)("field")
    with pytest.raises(RunError, match="other of epoch is absent"):
        event.real("other")


def test_a_number_beyond_doubles_is_refused() -> None:
    line = b'{"time": "2026-01-01T00:00:00+00:00", "event": "epoch", "field": 1' + b"0" * 400 + b"}"
    with pytest.raises(RunError, match="that is a double"):
        parse_event(line, 7, LOG).real("field")
