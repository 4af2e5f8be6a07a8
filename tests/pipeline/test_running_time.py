"""What a fit will take, said before it begins: as the records have it, and as the plan asks."""

from __future__ import annotations

import json
import logging
import re
from dataclasses import astuple
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from topojax.config import SegmentationConfig, make_config, parse_overrides
from topojax.data import Dataset, Split
from topojax.models.registry import map_channels
from topojax.pipeline import FitPlan, Seeds, plan_fit
from topojax.pipeline.cost.running_time import (
    Machine,
    TimeNeed,
    about,
    measured_machine,
    network_work,
    say_running_time,
    segmentation_seconds,
    time_need,
)

_RECORDS = Path(__file__).parents[2] / "benchmarks" / "results"
# What the records were made on: a matrix product and memory, of two cores.
_TWO_CORES = Machine(flops=130e9, bytes=25e9, cores=2)
_LAYERS = ["layer2", "layer3", "layer4"]


def _split(n: int, shape: tuple[int, ...]) -> Split:
    # Of zeros: a page of memory, however large.
    return Split(np.broadcast_to(np.float32(0), (n, *shape)), np.arange(n) % 2)


def _need(
    shape: tuple[int, ...], n: tuple[int, int], machine: Machine = _TWO_CORES, **changes: Any
) -> TimeNeed:
    name = "r3d_18" if len(shape) == 3 else "resnet18"
    overrides = {key.replace("__", "."): value for key, value in changes.items()}
    config = make_config(
        overrides={"backbone.name": name, "cam.layers": _LAYERS, "backbone.epochs": 2, **overrides}
    )
    plan = FitPlan(config, ("a", "b"), len(shape), Seeds.of(0))
    return time_need(plan, _split(n[0], shape), _split(n[1], shape), machine)


def test_unets_take_what_was_measured_within_a_factor_of_three() -> None:
    unet = SegmentationConfig(widths=(16, 32, 64, 128), epochs=6)
    n = {"train": 156, "val": 39, "test": 65}
    assert 62 / 3 < segmentation_seconds(unet, (28, 28, 28, 1), n, _TWO_CORES) < 62 * 3


@pytest.mark.parametrize(
    ("data", "n"), [("breastmnist_64", (546, 78)), ("adrenalmnist3d", (1188, 98))]
)
def test_recorded_fits_took_what_is_estimated_within_a_factor_of_three(data, n):
    record = json.loads((_RECORDS / f"methods_{data}.json").read_text(encoding="utf-8"))
    sets = re.findall(r"--set (\S+)", record["command"])
    shape = tuple(map(int, record["shape"].split(" x ")))
    expected = astuple(
        _need(shape, n, **{k.replace(".", "__"): v for k, v in parse_overrides(sets).items()})
    )
    # Of the longest: what was resumed took less, and what came later found everything compiled.
    timing = max(record["timings"], key=lambda one: sum(one.values()))
    taken = [timing[stage] for stage in ("backbone", "cam", "search", "classifier")]
    for got, want in zip(taken, expected, strict=True):
        assert want / 3 < got < want * 3
    assert sum(expected) / 2 < sum(taken) < sum(expected) * 2


def test_what_is_counted_follows_the_plan():
    shape, n = (28, 28), (300, 60)
    once = _need(shape, n)
    per_epoch = _need(shape, n, backbone__epochs=3).network - once.network
    assert _need(shape, n, backbone__epochs=12).network - once.network == pytest.approx(
        10 * per_epoch
    )
    twice = _need(shape, (600, 120))
    assert twice.maps > once.maps
    assert twice.search > once.search
    assert _need(shape, n, search__generations=101).search > 1.5 * once.search
    assert _need(shape, n, search__searches=3).search > 2 * once.search
    assert _need(shape, n, search__method="uniform", search__tau=0.5).search == 0
    assert _need(shape, n, classifier__epochs=1000).classifiers > 1.5 * once.classifiers
    assert _need(shape, n, search__objective="map-auc", search__tau=0.5).search < once.search


def test_score_cam_passes_once_a_channel():
    shape, n = (28, 28), (3000, 60)
    channels = map_channels("resnet18", shape)
    assert [channels[layer] for layer in _LAYERS] == [128, 256, 512]
    usual, by_score = _need(shape, n), _need(shape, n, cam__method="scorecam")
    assert by_score.maps > 100 * usual.maps


def test_a_faster_machine_takes_less():
    slow = _need((28, 28), (300, 60))
    fast = _need((28, 28), (300, 60), Machine(1300e9, 250e9, 20))
    assert fast.network < slow.network
    assert fast.search < slow.search


def test_a_forward_pass_is_counted():
    # Of resnet18 at 224², 1.8 GFLOP by anyone's count of multiply-adds, less what a formulation
    # saves.
    work = network_work("resnet18", 1000, (1, 224, 224, 3))
    assert 2 * 1.0e9 < work.flops < 2 * 2.0e9
    assert work.parameters == 11_689_512


def test_the_machine_is_measured():
    machine = measured_machine()
    assert 1e8 < machine.flops < 1e16
    assert 1e8 < machine.bytes < 1e14
    assert machine.cores >= 1
    assert measured_machine() is machine


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.2, "1 s"),
        (61, "61 s"),
        (118.7, "120 s"),
        (725, "12 min"),
        (6000, "100 min"),
        (3 * 3600, "3 h"),
        (10_000_000, "120 days"),
        (4e11, "13000 years"),
    ],
)
def test_durations_are_rough(seconds, said):
    assert about(seconds) == said


def test_it_is_said_before_the_network(
    discs: Dataset, tiny: dict[str, Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    plan = plan_fit(make_config(overrides=tiny), discs.train, ("disc", "ring"), 2)
    with caplog.at_level(logging.INFO, "topojax"):
        say_running_time(plan, discs.train, discs.val)
        begun = plan.kept_in(tmp_path, plan.log)
        (tmp_path / "backbone").mkdir()
        say_running_time(begun, discs.train, discs.val)
    first, second = caplog.records
    assert first.levelno == logging.INFO
    assert re.fullmatch(
        r"fit: about \d+ (s|min), give or take a factor of 3 \(network \d+ (s|min), maps \d+ "
        r"(s|min), search \d+ (s|min), classifiers \d+ (s|min)\)",
        first.getMessage(),
    )
    assert second.getMessage().endswith("), less what is done already")


def test_more_than_a_day_is_a_warning(
    discs: Dataset, tiny: dict[str, Any], caplog: pytest.LogCaptureFixture
):
    absurd = {"backbone.epochs": 100_000, "search.generations": 100_000, "search.searches": 10_000}
    plan = plan_fit(make_config(overrides=tiny | absurd), discs.train, ("disc", "ring"), 2)
    say_running_time(plan, discs.train, discs.val)
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert re.match(r"fit: about \d+ (days|years), ", record.getMessage())
    assert "fewer backbone.epochs" in record.getMessage()
