"""What the authors' script does: rules in turn, images that are dropped."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from topojax.config import Config, make_config
from topojax.data import Dataset
from topojax.defects import (
    DefectiveTopoCAM,
    explain,
    fit_method_on_maps,
    load_method,
    save_method,
    scored_rows,
    shows_defects,
)
from topojax.errors import DataError
from topojax.pipeline import Fit, FittedTopoCAM, Grounds, plan_fit


def _config(tiny: dict[str, Any], **changes: Any) -> Config:
    overrides = tiny | {key.replace("__", "."): value for key, value in changes.items()}
    return make_config(overrides=overrides)


def _fit(grounds: Grounds, discs: Dataset, config: Config) -> Fit:
    plan = plan_fit(config, discs.train, discs.class_names, 2)
    return fit_method_on_maps(plan, grounds)


@pytest.fixture(scope="module")
def in_turn(grounds: Grounds, discs: Dataset, tiny: dict[str, Any]) -> Fit:
    """Return a fit of two rules in turn."""
    return _fit(grounds, discs, _config(tiny, search__searches=2, search__tau=0.6))


def test_the_method_itself_shows_no_defects(
    grounds: Grounds, discs: Dataset, tiny: dict[str, Any]
) -> None:
    for preset in ("sound", "paper"):
        assert not shows_defects(make_config(preset))
    assert shows_defects(make_config("official"))
    fit = _fit(grounds, discs, _config(tiny, search__method="uniform", search__tau=0.5))
    assert type(fit.fitted) is FittedTopoCAM


def test_images_follow_several_rules_in_turn(in_turn: Fit, grounds: Grounds) -> None:
    assert isinstance(in_turn.fitted, DefectiveTopoCAM)
    rules = in_turn.fitted.rules
    assert len(rules) == in_turn.n_searches == 2
    assert not np.array_equal(rules[0].weights, rules[1].weights)
    sizes = in_turn.train.voxels()
    for number, rule in enumerate(rules):
        masks, _ = rule.regions(grounds.train_cams.maps)
        np.testing.assert_array_equal(masks.sum((1, 2))[number::2], sizes[number::2])


def test_turns_go_on_from_chunk_to_chunk(in_turn: Fit, grounds: Grounds) -> None:
    fitted, images, (cams,) = in_turn.fitted, grounds.val.images, grounds.val_cams
    filtered = fitted.filtered(images)
    (whole,) = fitted.observe(filtered, (cams,))
    behind = replace(
        cams, maps=cams.maps[3:], logits=cams.logits[3:], embeddings=cams.embeddings[3:]
    )
    (rest,) = fitted.observe(filtered.rows(np.arange(3, len(images))), (behind,), first=3)
    np.testing.assert_array_equal(rest.descriptors.matrix(), whole.descriptors.matrix()[3:])
    np.testing.assert_array_equal(rest.empty, whole.empty[3:])


def test_an_explanation_is_by_the_rule_that_reads_the_image(in_turn: Fit, discs: Dataset) -> None:
    reading = in_turn.fitted.read(discs.test.images)
    places = [3, 0, 6, 1]
    shown = explain(in_turn.fitted, discs.test.images, places)
    np.testing.assert_array_equal(shown.masks.sum((1, 2)), reading.voxels()[places])
    np.testing.assert_array_equal(shown.predicted, reading.probabilities[places].argmax(1))


def test_rules_come_back_from_disk(in_turn: Fit, discs: Dataset, tmp_path: Path) -> None:
    save_method(in_turn.fitted, tmp_path / "model")
    loaded = load_method(tmp_path / "model")
    assert isinstance(loaded, DefectiveTopoCAM)
    images = discs.test.images
    np.testing.assert_array_equal(
        loaded.read(images).probabilities, in_turn.fitted.read(images).probabilities
    )


def test_empty_rois_may_be_dropped_and_are_counted(
    grounds: Grounds, discs: Dataset, tiny: dict[str, Any]
) -> None:
    changes = {"cam__rescale_fused": False, "search__method": "uniform", "search__tau": 0.5}
    kept = _fit(grounds, discs, _config(tiny, **changes))
    assert 0 < kept.train.empty.sum() < len(kept.train.empty)
    config = _config(tiny, **changes, topology__empty_roi="drop")
    dropped = _fit(grounds, discs, config)
    np.testing.assert_array_equal(kept.train.empty, dropped.train.empty)
    np.testing.assert_array_equal(scored_rows(config, dropped.train.empty), ~kept.train.empty)
    # The classifiers differ, since one was not trained on the empty ones.
    assert not np.array_equal(kept.train.probabilities, dropped.train.probabilities)
    alone = _config(tiny, **changes | {"search__tau": 1.0}, topology__empty_roi="drop")
    with pytest.raises(DataError, match="leaves no training image"):
        _fit(grounds, discs, alone)
