"""A fit before it begins: settled, checked, every seed named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from topojax.config import make_config
from topojax.data import Dataset
from topojax.errors import ConfigError, DataError, WeightsError
from topojax.pipeline import FitPlan, Seeds, plan_fit


def _plan(discs: Dataset, **changes: Any) -> FitPlan:
    config = make_config(overrides={key.replace("__", "."): v for key, v in changes.items()})
    return plan_fit(config, discs.train, discs.class_names, discs.spatial_dims)


def test_what_was_left_open_is_settled(discs: Dataset) -> None:
    plan = _plan(discs)
    assert plan.config.backbone.name == "resnet18"
    assert plan.config.cam.layers == ("layer2", "layer3", "layer4")
    assert plan.is_searched
    assert plan.n_classes == 2
    again = plan_fit(plan.config, discs.train, discs.class_names, 2)
    assert again.config == plan.config
    assert not _plan(discs, search__method="single", search__tau=0.5).is_searched
    assert not _plan(discs, classifier__features="embedding").is_searched
    assert not _plan(discs, cam__layers=["layer3"], search__tau=0.5).is_searched


def test_seeds_are_of_the_run_and_the_stage(discs: Dataset) -> None:
    plan, other = _plan(discs, seed=4), _plan(discs, seed=5)
    seeds = [*vars(plan.seeds).values(), *vars(other.seeds).values()]
    assert len(set(seeds)) == len(seeds) == 6
    assert plan.with_seed(5).seeds == other.seeds == Seeds.of(5)
    assert plan.with_seed(5).config.seed == 5


def test_state_is_kept_a_folder_a_stage(discs: Dataset, tmp_path: Path) -> None:
    told: list[str] = []
    plan = _plan(discs)
    assert plan.folder_of("search") is None
    kept = plan.kept_in(tmp_path, lambda event, **fields: told.append(event))
    assert kept.folder_of("search") == tmp_path / "search"
    kept.log("planned")
    assert told == ["planned"]
    assert kept.config is plan.config


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"backbone__name": "r3d_18"}, ConfigError, "does not take 2-D images"),
        ({"cam__layers": ["layer9"]}, ConfigError, "layer9"),
        ({"cam__layers": ["pooled"]}, ConfigError, "pooled"),
        ({"backbone__flip_axes": [2]}, ConfigError, "flip_axes"),
        ({"search__objective": "luck"}, ConfigError, "luck"),
        ({"search__folds": 30}, DataError, "search.folds"),
        ({"backbone__weights": "absent.npz"}, WeightsError, r"backbone\.weights=absent"),
    ],
)
def test_what_would_stop_a_fit_is_raised_at_once(
    discs: Dataset, changes: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        _plan(discs, **changes)
