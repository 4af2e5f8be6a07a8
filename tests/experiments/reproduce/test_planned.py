"""Rows of the paper become runs: what a setting changes, and one folder a run."""

from __future__ import annotations

import pytest

from topojax.config import SegmentationConfig
from topojax.errors import ConfigError
from topojax.experiments.paper import Row, read_paper_tables
from topojax.experiments.reproduce.planned import SETTINGS, Choices, PlannedRow, plan_row

PAPER = read_paper_tables()


def _row(table: int, label: str, dataset: str) -> Row:
    (found,) = [
        row
        for row in PAPER.rows()
        if (row.place.table, row.place.row, row.place.dataset) == (table, label, dataset)
    ]
    return found


def _planned(row: Row, choices: Choices | None = None, seeds: tuple[int, ...] = (0,)) -> PlannedRow:
    dims = PAPER.dataset(row.place.dataset).spatial_dims
    return plan_row(row, dims, seeds, choices or Choices())


def test_every_row_of_the_paper_is_planned() -> None:
    for row in PAPER.rows():
        dims = PAPER.dataset(row.place.dataset).spatial_dims
        planned = plan_row(row, dims, (0, 1), Choices())
        assert [run.config.seed for run in planned.runs] == [0, 1]
        for run in planned.runs:
            assert run.config.preset == "paper"
            assert (run.kind == "segmentation") == (row.model == "segment-betti")
            assert (run.kind == "segmentation") == (run.segmentation is not None)


@pytest.mark.parametrize(
    ("table", "label", "dataset", "key", "value"),
    [
        (4, "0.5", "breastmnist", "search.tau", 0.5),
        (4, "0.6", "breastmnist", "search.tau", 0.6),
        (5, "Single layer", "adrenalmnist3d", "search.method", "single"),
        (6, "TopoCAM*", "adrenalmnist3d", "backbone.weights", None),
        (6, "TopoCAM", "adrenalmnist3d", "backbone.weights", "kinetics400"),
        (7, "Grad-CAM++", "nodulemnist3d", "cam.method", "gradcam++"),
        (2, "M3T", "adrenalmnist3d", "backbone.name", "m3t"),
        (3, "TopoCAM", "breastmnist", "backbone.name", "resnet18"),
    ],
)
def test_a_row_changes_what_its_label_says(
    table: int, label: str, dataset: str, key: str, value: object
) -> None:
    choices = Choices(weights={"r3d_18": "kinetics400"})
    (run,) = _planned(_row(table, label, dataset), choices).runs
    section, name = key.split(".")
    assert getattr(getattr(run.config, section), name) == value


def test_rows_of_one_fit_share_its_run() -> None:
    topocam, original = (
        _planned(_row(3, label, "breastmnist")) for label in ("TopoCAM", "Topo-Original")
    )
    assert topocam.runs == original.runs
    assert (topocam.method, original.method) == ("topocam", "whole-image")
    assert _planned(_row(10, "TopoCAM", "breastmnist")).runs == topocam.runs
    network = _planned(_row(3, "ResNet18", "breastmnist"))
    assert network.runs != topocam.runs
    assert network.method == "backbone"


def test_budgets_and_overrides(tiny: dict) -> None:
    row = _row(2, "R3D-18", "adrenalmnist3d")
    (quick,) = _planned(row).runs
    assert (quick.config.size, quick.config.backbone.epochs) == (28, 3)
    (paper,) = _planned(row, Choices(budget="paper")).runs
    assert (paper.config.size, paper.config.backbone.epochs) == (64, 100)
    assert paper.config.backbone.learning_rate == 1e-4
    (own,) = _planned(row, Choices(size=30, overrides={"backbone.epochs": 7})).runs
    assert (own.config.size, own.config.backbone.epochs) == (30, 7)
    with pytest.raises(ConfigError, match="nonsense"):
        _planned(row, Choices(overrides={"nonsense.key": 1}))


def test_the_unet_has_settings_of_its_own() -> None:
    row = _row(8, "Segment+Betti", "brats2019")
    (quick,) = _planned(row).runs
    assert quick.segmentation is not None
    assert (quick.config.size, quick.segmentation.epochs, quick.segmentation.folds) == (28, 40, 3)
    (paper,) = _planned(row, Choices(budget="paper")).runs
    assert (paper.config.size, paper.segmentation) == (64, SegmentationConfig())
    own = Choices(overrides={"segmentation.epochs": 7, "topology.n_thresholds": 9})
    planned = _planned(row, own)
    (run,) = planned.runs
    assert run.segmentation == quick.segmentation.model_copy(update={"epochs": 7})
    assert (run.config.topology.n_thresholds, planned.method) == (9, "topology")
    # They reach no other run.
    topocam = _row(8, "TopoCAM", "brats2019")
    unchanged = Choices(overrides={"topology.n_thresholds": 9})
    assert _planned(topocam, own) == _planned(topocam, unchanged)
    with pytest.raises(ConfigError, match="nonsense"):
        _planned(row, Choices(overrides={"segmentation.nonsense": 1}))


def test_every_setting_of_the_paper_is_known() -> None:
    assert {row.setting for row in PAPER.rows()} <= set(SETTINGS)
