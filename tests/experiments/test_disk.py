"""A disk without space: refused before a run, one line at any stage of it, and the run goes on."""

from __future__ import annotations

import errno
import logging
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from topojax.config import Config, make_config
from topojax.data import SPLITS, Dataset, read_medmnist
from topojax.experiments import fit_run
from topojax.files import NoSpaceError

_FULL: list[str] = []
"""Parts of paths that the disk has no space for."""


def _refuse(event: str, args: tuple[Any, ...]) -> None:
    """Answer as the system does; a hook, once added, cannot be removed."""
    if not _FULL or event != "open" or not isinstance(args[0], str):
        return
    writes = args[2] & (os.O_WRONLY | os.O_RDWR)
    if writes and any(part in args[0] for part in _FULL):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), args[0])


@contextmanager
def _full_for(part: str) -> Iterator[None]:
    if _refuse not in _ADDED:
        sys.addaudithook(_refuse)
        _ADDED.append(_refuse)
    _FULL.append(part)
    try:
        yield
    finally:
        _FULL.clear()


_ADDED: list[Any] = []


@pytest.fixture(scope="module")
def config(tiny: dict[str, Any]) -> Config:
    return make_config(overrides=tiny)


@pytest.fixture(scope="module")
def data(discs_file: Path) -> Dataset:
    return read_medmnist(str(discs_file))


def _usage(free: int) -> Any:
    return lambda path: shutil._ntuple_diskusage(10**12, 10**12 - free, free)


def test_a_run_that_the_disk_has_no_space_for_is_not_begun(
    data: Dataset, config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", _usage(100_000_000))
    with pytest.raises(NoSpaceError, match=r"needs up to \d+ MB, and 100 MB are free"):
        fit_run(data, config, tmp_path / "deep" / "run")
    assert list(tmp_path.iterdir()) == []


def test_a_complete_run_needs_no_space(
    data: Dataset, config: Config, discs_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", _usage(0))
    assert fit_run(data, config, discs_run, resume=True) == discs_run / "report.html"


@pytest.mark.slow
def test_a_disk_that_fills_at_every_stage(
    data: Dataset,
    config: Config,
    discs_run: Path,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    run = tmp_path / "run"
    for part in ("lock.json", "/.environment.json", "/.config.json", "log.jsonl"):
        with _full_for(part), pytest.raises(NoSpaceError, match=r"no space left; .* are free in"):
            fit_run(data, config, run)
        assert not run.exists(), part
    stages = (
        "/best_00000",
        "/epoch_00001",
        "/.generation_00001",
        "checkpoint/model",
        "/.predictions_val",
        "/.features.npz",
        "/.metrics.json",
        "/.report.html",
    )
    said = rf"no space left; .*; run folder {run} needs up to .* MB: free the space, and .*--resume"
    with caplog.at_level(logging.INFO, "topojax"):
        for part in stages:
            with _full_for(part), pytest.raises(NoSpaceError, match=said) as refused:
                fit_run(data, config, run, resume=run.exists())
            assert "\n" not in str(refused.value), part
            assert refused.value.__cause__ is None, part
            assert not (run / "lock.json").exists(), part
            assert list(run.rglob("*.part")) == [], part
    assert f" MB in {run}, " in caplog.text
    printed = capfd.readouterr().err
    assert "Traceback" not in printed
    assert "Error" not in printed
    fit_run(data, config, run, resume=True)
    for split in SPLITS:
        name = f"predictions_{split}.csv"
        assert (run / name).read_bytes() == (discs_run / name).read_bytes()


@pytest.mark.slow
def test_a_run_takes_no_more_than_was_said(
    data: Dataset, config: Config, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    from topojax.experiments.disk import run_bytes
    from topojax.pipeline import plan_fit

    run, largest = tmp_path / "run", [0]

    def measure(event: str, args: tuple[Any, ...]) -> None:
        if event == "os.rename" and largest and str(run) in str(args[1]):
            files = (Path(at, name) for at, _, names in os.walk(run) for name in names)
            largest[0] = max(largest[0], sum(file.stat().st_size for file in files))

    sys.addaudithook(measure)
    try:
        fit_run(data, config, run)
        found = largest[0]
    finally:
        largest.clear()
    plan = plan_fit(config, data.train, data.class_names, data.spatial_dims)
    assert found > 100_000_000
    # Arrays are compressed, and the second epoch need not be the best: no more than a half less.
    assert 0.5 * run_bytes(plan, data) < found <= run_bytes(plan, data)
