"""TensorBoard's event files, read by their format."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

from tensorboardX.proto.event_pb2 import Event


def events_in(folder: Path) -> list[Any]:
    """Return the events of all files of a folder, the oldest first, without their headers."""
    found = []
    for path in sorted(folder.glob("events.out.tfevents.*")):
        content, at = path.read_bytes(), 0
        while at < len(content):
            # Length, its checksum, the message, its checksum.
            (n_bytes,) = struct.unpack_from("<Q", content, at)
            event = Event.FromString(content[at + 12 : at + 12 + n_bytes])
            at += 12 + n_bytes + 4
            if event.WhichOneof("what") != "file_version":
                found.append(event)
        assert at == len(content)
    return found


def scalars_in(folder: Path) -> list[tuple[str, int, float, float]]:
    """Return name, step, value and time of all scalars."""
    return [
        (value.tag, event.step, value.simple_value, event.wall_time)
        for event in events_in(folder)
        for value in event.summary.value
        if value.WhichOneof("value") == "simple_value"
    ]


def texts_in(folder: Path) -> list[tuple[str, str]]:
    """Return name and words of all texts."""
    return [
        (value.tag, value.tensor.string_val[0].decode())
        for event in events_in(folder)
        for value in event.summary.value
        if value.WhichOneof("value") == "tensor"
    ]
