"""`topojax data`: what there is, how to get it, and what is not downloaded."""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from email.message import Message
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from topojax.data import MEDMNIST, REGISTERED


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "home")
    return tmp_path / "home" / ".medmnist"


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Publish breastmnist of 28 and 64 pixels as a few bytes; return what was asked for."""
    asked: list[str] = []

    class Reply(io.BytesIO):
        headers = Message()
        status = 200

    def answer(request: Any, timeout: float) -> Reply:
        asked.append(request.full_url)
        return Reply(b"official")

    md5 = hashlib.md5(b"official").hexdigest()
    monkeypatch.setattr(urllib.request, "urlopen", answer)
    for size in (28, 64):
        monkeypatch.setitem(MEDMNIST["breastmnist"].md5, size, md5)
    return asked


def test_list_names_all_and_which_are_here(topojax: Callable, home: Path, tmp_path: Path) -> None:
    for folder, file in ((home, "breastmnist_64.npz"), (tmp_path / "root", "adrenalmnist3d.npz")):
        folder.mkdir(parents=True)
        (folder / file).touch()
    outcome = topojax("data", "list", "--data-root", tmp_path / "root")
    assert outcome.code == 0
    rows = {line.split()[0]: line.split()[1:] for line in outcome.out.splitlines() if line}
    for name, facts in MEDMNIST.items():
        sizes = [str(size) for size in facts.md5]
        assert rows[name][: 1 + len(sizes)] == [f"{facts.spatial_dims}-D", *sizes]
        here = {"breastmnist": ["64"], "adrenalmnist3d": ["28"]}.get(name, ["no"])
        assert rows[name][1 + len(sizes) :] == here
    for name, dataset in REGISTERED.items():
        assert rows[name][:2] == ["3-D", dataset.modalities[0]]
        assert rows[name][-1] == name


def test_info_of_medmnist(topojax: Callable, home: Path) -> None:
    home.mkdir(parents=True)
    (home / "adrenalmnist3d.npz").touch()
    outcome = topojax("data", "info", "adrenalmnist3d")
    assert outcome.code == 0
    for part in ("grey volumes", "1188 train, 98 val, 298 test", "1  hyperplasia"):
        assert part in outcome.out
    lines = outcome.out.splitlines()
    assert lines[-2].split() == ["28", "x", "28", "x", "28", str(home / "adrenalmnist3d.npz")]
    assert "64 x 64 x 64    not here: https://" in lines[-1]
    assert "colour images, multi-class" in topojax("data", "info", "pathmnist").out


@pytest.mark.parametrize("name", REGISTERED)
def test_info_of_what_is_on_request(topojax: Callable, name: str) -> None:
    outcome = topojax("data", "info", name)
    assert outcome.code == 0
    dataset = REGISTERED[name]
    for part in (*dataset.class_names, *dataset.request, dataset.terms, dataset.reference):
        assert part in outcome.out
    assert all(line in outcome.out for line in dataset.layout.splitlines())
    assert f"topojax fit {name} --data-root DIR" in outcome.out


def test_fetch_downloads_once(
    topojax: Callable, published: list[str], home: Path, tmp_path: Path
) -> None:
    outcome = topojax("data", "fetch", "breastmnist")
    assert (outcome.code, (home / "breastmnist.npz").read_bytes()) == (0, b"official")
    assert str(home / "breastmnist.npz") in outcome.out
    assert published == [MEDMNIST["breastmnist"].address(28)]
    assert topojax("data", "fetch", "breastmnist").code == 0
    assert len(published) == 1
    for args in (("breastmnist", "--size", 64), ("breastmnist_64",)):
        root = tmp_path / f"root{len(args)}"
        assert topojax("data", "fetch", *args, "--data-root", root).code == 0
        assert (root / "breastmnist_64.npz").is_file()
    assert published[1:] == [MEDMNIST["breastmnist"].address(64)] * 2


def test_fetch_refuses(topojax: Callable, published: list[str], home: Path) -> None:
    for args, code, message in (
        (("breastmnist_64", "--size", 28), 4, "--size=28"),
        (("breastmnist", "--size", 65), 3, "no official file of size 65"),
        (("breastmnist", "--size", 0), 3, "no official file of size 0"),
        (("breastmist",), 3, "did you mean breastmnist"),
        *(((name,), 3, f"topojax data info {name}") for name in REGISTERED),
        (("brats2019:t1",), 3, "topojax data info brats2019"),
    ):
        outcome = topojax("data", "fetch", *args)
        assert (outcome.code, outcome.out) == (code, ""), args
        assert message in outcome.err
        assert len(outcome.err.splitlines()) == 1
    assert published == []
    assert not home.exists()


@pytest.mark.parametrize("command", ["fit", "leaktest", "learning-curve"])
def test_commands_take_names_on_request(topojax: Callable, tmp_path: Path, command: str) -> None:
    more = ("-n", "8") if command == "learning-curve" else ()
    outcome = topojax(command, "brats2021:t1ce", *more, "-o", tmp_path / "out")
    assert outcome.code == 3
    assert "topojax data info brats2021" in outcome.err.splitlines()[-1]
    assert not (tmp_path / "out").exists()


def test_a_name_on_request_is_read_from_its_folder(topojax: Callable, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    (tmp_path / "Bscan").mkdir()
    for i in range(9):
        volume = rng.integers(0, 256, (6, 5, 4), dtype=np.uint8)
        np.savez(tmp_path / "Bscan" / f"data_{i:04d}.npz", bscans=volume, glaucoma=i % 2)
    target = tmp_path / "features.csv"
    settings = ("--set", "size=8", "--set", "topology.n_thresholds=5")
    outcome = topojax("features", "harvard-gdp", "--data-root", tmp_path, *settings, "-o", target)
    assert outcome.code == 0, outcome.err
    assert "test read as 2 grey volumes of 8 x 8 x 8, uint8, divided by 255" in outcome.err
    header, *rows = target.read_text().splitlines()
    assert len(rows) == 2
    assert {len(row.split(",")) for row in (header, *rows)} == {1 + 3 * 5 + 1}
    assert all(float(row.split(",")[-1]) == 8**3 for row in rows)


@pytest.mark.parametrize("command", [(), ("list",), ("info",), ("fetch",)])
def test_every_command_shows_examples(topojax: Callable, command: tuple[str, ...]) -> None:
    outcome = topojax("data", *command, "--help")
    assert outcome.code == 0
    assert f"topojax data {' '.join(command)}" in outcome.out
    assert "Examples:" in outcome.out


def test_lists_do_not_wait_for_jax() -> None:
    script = (
        "import sys, topojax.cli as cli\n"
        "sys.argv = ['topojax', 'data', 'list']\n"
        "try: cli.main()\n"
        "finally: print(sorted({'jax', 'numba', 'nibabel'} & set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert result.stdout.splitlines()[-1] == "[]"
