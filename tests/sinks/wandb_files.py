"""Offline runs of W&B, read by their format: LevelDB's log of protocol buffers."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

_BLOCK, _HEADER = 32 * 1024, 7


def records_in(folder: Path) -> list[Any]:
    """Return the records of an offline run's folder."""
    from wandb.proto.wandb_internal_pb2 import Record

    (path,) = folder.glob("run-*.wandb")
    content, found, parts = path.read_bytes(), [], b""
    at = _HEADER  # of the file; as long as one of a part
    while at + _HEADER <= len(content):
        if _BLOCK - at % _BLOCK < _HEADER:
            at += _BLOCK - at % _BLOCK
            continue
        n_bytes, kind = struct.unpack_from("<HB", content, at + 4)
        parts += content[at + _HEADER : at + _HEADER + n_bytes]
        at += _HEADER + n_bytes
        if kind in (1, 4):  # the whole, or its last part
            found.append(Record.FromString(parts))
            parts = b""
    return found


def rows_in(folder: Path) -> list[dict[str, Any]]:
    """Return what was logged, one row a step."""
    return [
        {
            "/".join(item.nested_key) or item.key: json.loads(item.value_json)
            for item in record.history.item
        }
        for record in records_in(folder)
        if record.WhichOneof("record_type") == "history"
    ]
