"""Downloads that break off: one line of what to do, and nothing left behind."""

from __future__ import annotations

import hashlib
import io
import os
import socket
import threading
import urllib.request
from email.message import Message
from pathlib import Path
from typing import Any

import pytest

from topojax.data.medmnist.download import download
from topojax.errors import DataError


def _serve_once(reply: bytes) -> str:
    """Return an address at which one request gets `reply`, and then the line is cut."""
    server = socket.create_server(("127.0.0.1", 0))
    address = f"http://127.0.0.1:{server.getsockname()[1]}/data.npz"

    def answer() -> None:
        with server, server.accept()[0] as connection:
            connection.recv(4096)
            connection.sendall(reply)

    threading.Thread(target=answer, daemon=True).start()
    return address


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (b"", "cannot be reached"),
        (b"not HTTP\r\n\r\n", "cannot be reached"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhalf", "cannot be reached"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", "MD5|cannot be reached"),
    ],
)
def test_a_reply_that_breaks_off(tmp_path: Path, reply: bytes, message: str) -> None:
    address = _serve_once(reply)
    with pytest.raises(DataError, match=message) as caught:
        download(address, tmp_path / "data.npz", "0" * 32)
    assert "\n" not in str(caught.value)
    for part in (address, "data.npz", str(tmp_path)):
        assert part in str(caught.value)
    assert os.listdir(tmp_path) == []


class _Body(io.RawIOBase):
    """A response whose second block never comes."""

    headers = Message()

    def __init__(self, error: BaseException) -> None:
        self.error = error
        self.blocks = [b"first"]

    def read(self, size: int = -1) -> Any:
        if not self.blocks:
            raise self.error
        return self.blocks.pop()


@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError(28, "No space left on device")])
def test_an_interrupt_or_a_full_disc_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    monkeypatch.setattr(urllib.request, "urlopen", lambda url, timeout: _Body(error))
    expected = KeyboardInterrupt if isinstance(error, KeyboardInterrupt) else DataError
    with pytest.raises(expected):
        download("http://127.0.0.1/data.npz", tmp_path / "data.npz", "0" * 32)
    assert os.listdir(tmp_path) == []


def test_a_failed_download_keeps_the_file_that_is_there(tmp_path: Path) -> None:
    target = tmp_path / "data.npz"
    target.write_bytes(b"old")
    with pytest.raises(DataError, match="MD5"):
        download(_serve_once(b"HTTP/1.0 200 OK\r\n\r\nnew"), target, "0" * 32)
    assert target.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["data.npz"]


def test_others_may_read_what_the_umask_lets_them(tmp_path: Path) -> None:
    by_hand = tmp_path / "by_hand"
    by_hand.touch()
    target = tmp_path / "data.npz"
    download(_serve_once(b"HTTP/1.0 200 OK\r\n\r\nnew"), target, hashlib.md5(b"new").hexdigest())
    assert target.stat().st_mode == by_hand.stat().st_mode


def test_no_folder_can_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="cannot be written"):
        download("http://127.0.0.1:9/x", tmp_path / "file" / "data.npz", "0" * 32)
