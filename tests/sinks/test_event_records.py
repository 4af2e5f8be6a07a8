"""What events say, as series."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topojax.errors import RunError
from topojax.sinks.event_log import parse_event
from topojax.sinks.event_records import EventRecords
from topojax.sinks.records import Entry, Scalar

from .conftest import BEGUN, EVENTS, lines
from .test_event_log import LOG

EPOCH = {"event": "epoch", "epoch": 0, "train_loss": 0.5, "val_loss": 0.25, "val_auc": 0.75}


def _entries(events: Any, n_searches: int = 1) -> list[Entry]:
    reader = EventRecords(n_searches)
    written = lines(events).encode().splitlines()
    return [reader.entry(parse_event(line, n, LOG)) for n, line in enumerate(written, 1)]


def _scalars(events: Any, n_searches: int = 1) -> list[Scalar]:
    return [one for entry in _entries(events, n_searches) for one in entry.records]


def _generation(number: int) -> dict[str, Any]:
    return {"event": "generation", "generation": number, "best": 0.25, "mean": 0.5}


def test_a_run_is_its_series() -> None:
    entries = _entries(EVENTS)
    assert [entry.line for entry in entries] == list(range(1, len(EVENTS) + 1))
    found = {(one.name, one.axis, one.step): one.value for e in entries for one in e.records}
    expected: dict[tuple, float] = {
        ("seconds/backbone", "ending", 0): 12.5,
        ("search/best_fitness", "generation", 0): 0.25,
        ("search/best_fitness", "generation", 1): 0.125,
        ("search/mean_fitness", "generation", 0): 0.5,
        ("search/mean_fitness", "generation", 1): 0.25,
    }
    for network, epoch, *values in (
        (0, 0, 0.9, 0.8, 0.6),
        (0, 1, 0.7, 0.6, 0.7),
        (1, 0, 0.5, 0.4, 0.8),
    ):
        for name, value in zip(("train_loss", "val_loss", "val_auc"), values, strict=True):
            expected[f"backbone/network_{network}/{name}", "epoch", epoch] = value
    assert found == expected
    assert [one.time for one in entries[3].records] == [BEGUN + 3] * 3


def test_one_network_has_no_number() -> None:
    names = [one.name for one in _scalars([EPOCH])]
    assert names == ["backbone/train_loss", "backbone/val_loss", "backbone/val_auc"]


def test_a_stage_that_ends_again_is_the_next_step() -> None:
    ending = {"event": "stage_finished", "stage": "cam", "seconds": 2}
    other = {"event": "stage_finished", "stage": "search", "seconds": 3}
    found = _scalars([ending, other, {"event": "resumed"}, ending])
    assert [(one.name, one.step) for one in found] == [
        ("seconds/cam", 0),
        ("seconds/search", 0),
        ("seconds/cam", 1),
    ]


@given(st.lists(st.integers(1, 4), min_size=2, max_size=4), st.data())
def test_searches_are_told_apart_over_kills(lengths: list[int], data: st.DataObject) -> None:
    events = []
    for length in lengths:
        for number in range(length):
            if data.draw(st.booleans()):
                events.append({"event": "resumed"})
            events.append(_generation(number))
    found = [one.name for one in _scalars(events, len(lengths))][::2]
    expected = [f"search/search_{k}/best_fitness" for k, n in enumerate(lengths) for _ in range(n)]
    assert found == expected


@given(st.lists(st.sampled_from(EVENTS), min_size=1, max_size=12), st.data())
def test_what_a_line_says_does_not_depend_on_later_ones(events: list, data: st.DataObject) -> None:
    n = data.draw(st.integers(0, len(events)))
    assert _entries(events)[:n] == _entries(events[:n])


def test_what_is_not_finite_stays_so() -> None:
    (loss, *_) = _scalars([EPOCH | {"train_loss": float("inf")}])
    assert loss.value == float("inf")


def test_unknown_events_of_other_versions_say_nothing() -> None:
    assert _scalars([{"event": "moon", "phase": 3}]) == []


@pytest.mark.parametrize(
    ("event", "field"),
    [(EPOCH, "val_auc"), (EPOCH, "epoch"), (_generation(0), "best"), (EVENTS[5], "stage")],
)
def test_a_field_that_is_missing_is_named(event: dict[str, Any], field: str) -> None:
    damaged = {key: value for key, value in event.items() if key != field}
    with pytest.raises(RunError, match=f"line 2: {field} of {event['event']} is absent"):
        _entries([{"event": "started"}, damaged])
