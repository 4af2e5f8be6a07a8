"""`topojax weights` and `fit --weights`: tables, files, and what is refused before training."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from topojax.weights import PUBLISHED, cached_file, published, published_for, read_state_dict


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TOPOJAX_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "weights"


@pytest.fixture
def data(tmp_path: Path, rng: np.random.Generator) -> Path:
    arrays = {}
    for split in ("train", "val", "test"):
        arrays[f"{split}_images"] = rng.integers(0, 256, (12, 28, 28), dtype=np.uint8)
        arrays[f"{split}_labels"] = (np.arange(12) % 2)[:, None]
    np.savez(tmp_path / "data.npz", **arrays)
    return tmp_path / "data.npz"


def test_list_names_every_file_and_which_are_here(topojax: Callable, cache: Path) -> None:
    here = cached_file(published_for("resnet18"))
    here.parent.mkdir(parents=True)
    here.touch()
    outcome = topojax("weights", "list")
    assert outcome.code == 0
    rows = {line.split()[0]: line for line in outcome.out.splitlines()}
    for weights in PUBLISHED:
        assert weights.file in rows[weights.network]
        assert weights.dataset in rows[weights.network]
    assert " yes " in rows["resnet18"]
    assert " no " in rows["r3d_18"]
    assert str(cache) in outcome.out


def test_fetch_without_a_network_says_what_to_do(
    topojax: Callable, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(published, "_FOLDER", "http://127.0.0.1:9")
    outcome = topojax("weights", "fetch", "resnet18")
    assert outcome.code == 5
    assert outcome.out == ""
    assert len(outcome.err.splitlines()) == 1
    for part in ("resnet18-f37072fd.pth", str(cache), "topojax weights fetch resnet18"):
        assert part in outcome.err
    unknown = topojax("weights", "fetch", "resnet19")
    assert unknown.code == 5
    assert "resnet18" in unknown.err


def test_convert_and_info(
    topojax: Callable, tmp_path: Path, rule_made_weights: Callable, rng: np.random.Generator
) -> None:
    source, target = tmp_path / "a.npz", tmp_path / "b.npz"
    weights = rule_made_weights("r3d_18", 3, 1)
    np.savez(source, **weights)
    assert topojax("weights", "convert", source, "-o", target).code == 0
    found = read_state_dict(target)
    assert list(found) == list(weights)
    outcome = topojax("weights", "info", target)
    assert outcome.code == 0
    assert "stem.0.weight" in outcome.out
    assert "64 x 1 x 3 x 7 x 7" in outcome.out
    assert outcome.out.splitlines()[-1] == "fits: r3d_18"
    total = sum(array.size for array in weights.values())
    assert f"{len(weights)} entries, {total:,} numbers" in outcome.out
    again = topojax("weights", "convert", source, "-o", target)
    assert again.code == 6
    assert "exists" in again.err
    assert topojax("weights", "convert", source, "-o", tmp_path / "c.pth").code == 5
    assert topojax("weights", "info", tmp_path / "absent.pth").code == 5


def test_inflated_weights_fit_r3d_18(
    topojax: Callable, tmp_path: Path, rule_made_weights: Callable
) -> None:
    source, target = tmp_path / "2d.npz", tmp_path / "3d.npz"
    np.savez(source, **rule_made_weights("resnet18", 3))
    assert topojax("weights", "convert", source, "--inflate", "-o", target).code == 0
    assert topojax("weights", "info", target).out.splitlines()[-1] == "fits: r3d_18"
    again = topojax("weights", "convert", target, "--inflate", "-o", tmp_path / "4d.npz")
    assert again.code == 5
    assert "only resnet18's" in again.err


@pytest.mark.slow
def test_info_of_weights_that_fit_nothing(
    topojax: Callable, tmp_path: Path, rule_made_weights: Callable
) -> None:
    weights = rule_made_weights("resnet18", 3)
    del weights["bn1.bias"]
    np.savez(tmp_path / "a.npz", **weights)
    outcome = topojax("weights", "info", tmp_path / "a.npz")
    assert outcome.code == 0
    assert "the nearest is resnet18" in outcome.out
    assert "1 missing: bn1.bias" in outcome.out


@pytest.mark.slow
def test_info_says_where_a_network_is_and_convert_takes_it_out(
    topojax: Callable, tmp_path: Path, rule_made_weights: Callable
) -> None:
    source, target = tmp_path / "a.npz", tmp_path / "b.npz"
    weights = rule_made_weights("resnet18", 3)
    parts = {f"{part}.{name}": a for part in "qk" for name, a in weights.items()}
    np.savez(source, **parts)
    outcome = topojax("weights", "info", source)
    assert outcome.out.splitlines()[-1] == "  2 places alike: k., q."
    assert topojax("weights", "convert", source, "--under", "q", "-o", target).code == 0
    assert read_state_dict(target).keys() == weights.keys()
    absent = topojax("weights", "convert", source, "--under", "x", "-o", tmp_path / "c.npz")
    assert absent.code == 5
    assert "no entry is under x." in absent.err
    np.savez(source, **{name: a for name, a in parts.items() if name.startswith("q.")}, other=0)
    assert topojax("weights", "info", source).out.splitlines()[-3:] == [
        "resnet18: its names begin with q.",
        "resnet18: 1 entries are left out: other",
        "fits: resnet18",
    ]


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ("imagenet", "topojax weights fetch resnet18"),
        ("kinetics400", "resnet18 has no kinetics400 weights"),
        ("absent.pth", "absent.pth"),
    ],
)
def test_fit_refuses_weights_that_are_not_there(
    topojax: Callable, data: Path, tmp_path: Path, weights: str, message: str
) -> None:
    outcome = topojax("fit", data, "--weights", weights, "-o", tmp_path / "run")
    assert outcome.code == 5
    *said, refusal = outcome.err.splitlines()
    assert all(" read as " in line for line in said)
    assert message in refusal
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("command", [(), ("list",), ("fetch",), ("convert",), ("info",)])
def test_every_command_shows_examples(topojax: Callable, command: tuple[str, ...]) -> None:
    outcome = topojax("weights", *command, "--help")
    assert outcome.code == 0
    assert "Examples:" in outcome.out
    assert f"topojax weights {' '.join(command)}" in outcome.out


def test_help_does_not_wait_for_jax() -> None:
    script = (
        "import sys, topojax.cli as cli\n"
        "sys.argv = ['topojax', 'weights', '--help']\n"
        "try: cli.main()\n"
        "finally: print('jax' in sys.modules)"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert result.stdout.splitlines()[-1] == "False"
