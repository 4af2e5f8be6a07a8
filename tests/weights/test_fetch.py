"""Published weights: fetched once, gone on with, checked; what to do where there is no network."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from topojax.errors import WeightsError
from topojax.models import list_models
from topojax.weights import (
    DATASETS,
    PUBLISHED,
    PublishedWeights,
    cache_folder,
    cached_file,
    fetch_weights,
    published,
    published_for,
    read_state_dict,
)


@dataclass
class Server:
    """Serves `content`, in whole or from a byte on; the first `broken` replies stop half-way."""

    content: bytes
    broken: int = 0
    knows_ranges: bool = True
    asked: list[str | None] = field(default_factory=list)
    address: str = ""


def _handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = self.headers.get("Range")
            server.asked.append(asked)
            start = int(asked[len("bytes=") : -1]) if asked and server.knows_ranges else 0
            if start >= len(server.content):
                self.send_error(416)
                return
            rest = server.content[start:]
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(rest)))
            self.end_headers()
            half = server.broken >= len(server.asked)
            self.wfile.write(rest[: len(rest) // 2] if half else rest)

        def log_message(self, *_: object) -> None:
            pass

    return Handler


@pytest.fixture
def state_dict(rng: np.random.Generator) -> dict[str, np.ndarray]:
    return {"fc.weight": rng.standard_normal((40, 50)).astype(np.float32)}


@pytest.fixture
def server(
    state_dict: dict, write_torch_file: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Server]:
    content = write_torch_file(tmp_path / "made.pth", state_dict).read_bytes()
    made = Server(content)
    http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(made))
    thread = threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    made.address = f"http://127.0.0.1:{http.server_port}"
    monkeypatch.setattr(published, "_FOLDER", made.address)
    yield made
    http.shutdown()
    http.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TOPOJAX_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "weights"


def _weights(content: bytes) -> PublishedWeights:
    start = hashlib.sha256(content).hexdigest()[:8]
    return PublishedWeights("resnet18", "imagenet", f"resnet18-{start}.pth", 0.1)


def _names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_a_file_is_fetched_once_and_converted(server, state_dict, cache):
    weights = _weights(server.content)
    path = fetch_weights(weights)
    assert path == cached_file(weights)
    assert _names(cache) == [path.name]
    np.testing.assert_array_equal(read_state_dict(path)["fc.weight"], state_dict["fc.weight"])
    assert fetch_weights(weights) == path
    assert server.asked == [None]


@pytest.mark.parametrize("knows_ranges", [True, False])
def test_a_download_that_broke_off_is_gone_on_with(server, state_dict, cache, knows_ranges):
    server.broken, server.knows_ranges = 1, knows_ranges
    weights = _weights(server.content)
    with pytest.raises(WeightsError, match="broke off after") as caught:
        fetch_weights(weights)
    assert "\n" not in str(caught.value)
    (part,) = cache.iterdir()
    half = len(server.content) // 2
    assert part.read_bytes() == server.content[:half]
    path = fetch_weights(weights)
    assert server.asked == [None, f"bytes={half}-"]
    np.testing.assert_array_equal(read_state_dict(path)["fc.weight"], state_dict["fc.weight"])
    assert _names(cache) == [path.name]


def test_a_download_that_had_all_but_ended_is_used(server, cache):
    weights = _weights(server.content)
    cache.mkdir(parents=True)
    (cache / f"{weights.file}.part").write_bytes(server.content)
    assert fetch_weights(weights).is_file()


def test_another_file_than_its_name_says_is_refused_and_forgotten(server, cache):
    weights = _weights(b"something else")
    with pytest.raises(WeightsError, match=rf"SHA-256.*begin with {weights.sha256_start}"):
        fetch_weights(weights)
    assert _names(cache) == []


def test_without_a_network_it_says_what_to_put_where(server, cache, monkeypatch):
    weights = _weights(server.content)
    monkeypatch.setattr(published, "_FOLDER", "http://127.0.0.1:9")
    with pytest.raises(WeightsError, match="cannot be reached") as caught:
        fetch_weights(weights)
    for part in (weights.url, str(cache), "topojax weights fetch resnet18"):
        assert part in str(caught.value)
    by_hand = cache / weights.file
    by_hand.write_bytes(server.content)
    assert fetch_weights(weights).is_file()
    assert by_hand.read_bytes() == server.content
    assert server.asked == []


def test_a_damaged_file_put_there_by_hand_is_kept_and_named(server, cache):
    weights = _weights(server.content)
    cache.mkdir(parents=True)
    (cache / weights.file).write_bytes(server.content[:-1])
    with pytest.raises(WeightsError, match=weights.file):
        fetch_weights(weights)
    assert _names(cache) == [weights.file]


def test_a_cache_that_cannot_be_made_is_one_line(server, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("TOPOJAX_CACHE", str(tmp_path / "file"))
    with pytest.raises(WeightsError, match="TOPOJAX_CACHE"):
        fetch_weights(_weights(server.content))


def test_without_a_home_folder_the_cache_is_asked_for(tmp_path, monkeypatch):
    def no_home():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", no_home)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("TOPOJAX_CACHE", raising=False)
    with pytest.raises(WeightsError, match=r"no home folder .*TOPOJAX_CACHE"):
        cache_folder()
    monkeypatch.setenv("TOPOJAX_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path / "weights"


def test_the_cache_folder_follows_the_environment(tmp_path, monkeypatch):
    assert cache_folder() == tmp_path / "cache" / "weights"
    monkeypatch.delenv("TOPOJAX_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_folder() == tmp_path / "xdg" / "topojax" / "weights"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_folder() == Path.home() / ".cache" / "topojax" / "weights"


def test_the_table_is_sound():
    assert len({weights.network for weights in PUBLISHED}) == len(PUBLISHED)
    for weights in PUBLISHED:
        assert weights.network in list_models()
        assert weights.dataset in DATASETS
        assert len(weights.sha256_start) == 8
        assert weights.url == f"https://download.pytorch.org/models/{weights.file}"
    assert published_for("r3d_18").sha256_start == "b3b3357e"
    with pytest.raises(WeightsError, match="resnet18"):
        published_for("resnet19")
