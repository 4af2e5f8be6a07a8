"""Download over HTTP with progress; goes on where an earlier try broke off."""

from __future__ import annotations

import http.client
import os
import ssl
import urllib.error
import urllib.request
from typing import Any, BinaryIO

from tqdm import tqdm

_TIMEOUT_SECONDS = 30
_BLOCK = 1 << 20
_NETWORK_ERRORS = (
    urllib.error.URLError,
    http.client.HTTPException,
    ssl.SSLError,
    TimeoutError,
    ConnectionError,
)
_PART, _NOTHING_LEFT = 206, 416


class UnreachableError(Exception):
    """An address that cannot be reached, or a reply that broke off; the reason in one line."""


def append_download(url: str, file: BinaryIO, name: str, *, progress: bool = True) -> None:
    """Append to `file` what it does not hold yet of `url`.

    Where the server cannot go on from the middle (RFC 9110, section 14), the file is emptied and
    filled from the start. Whether the contents are the right ones is for the caller to check.

    Args:
        url: address of the file.
        file: open for writing, with what earlier tries left.
        name: shown beside the bar.
        progress: show a bar on a terminal.

    Raises:
        UnreachableError: no connection, an error of the server, or fewer bytes than announced; what
            has come is in `file`.
        OSError: `file` cannot be written.
    """
    try:
        _append(url, file, name, progress=progress)
    except _NETWORK_ERRORS as error:
        reason = " ".join(str(getattr(error, "reason", error)).split())
        raise UnreachableError(reason) from None


def _append(url: str, file: BinaryIO, name: str, *, progress: bool) -> None:
    held = file.seek(0, os.SEEK_END)
    response = _ask(url, held)
    if response is None:
        return
    with response:
        if held and response.status != _PART:
            held = 0
            file.seek(0)
            file.truncate()
        length = response.headers.get("Content-Length")
        total = held + int(length) if length else None
        bar = tqdm(
            total=total,
            initial=held,
            desc=name,
            unit="B",
            unit_scale=True,
            disable=None if progress else True,
        )
        with bar:
            while block := response.read(_BLOCK):
                file.write(block)
                held += len(block)
                bar.update(len(block))
    if total is not None and held < total:
        raise ConnectionError(f"it broke off after {held} of {total} bytes")


def _ask(url: str, held: int) -> Any | None:
    """Return the reply with what follows `held` bytes; None where nothing does."""
    headers = {"User-Agent": "topojax"} | ({"Range": f"bytes={held}-"} if held else {})
    request = urllib.request.Request(url, headers=headers)
    try:
        return urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS)
    except urllib.error.HTTPError as error:
        if held and error.code == _NOTHING_LEFT:
            return None
        raise
