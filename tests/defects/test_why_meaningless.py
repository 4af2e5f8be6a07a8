"""Why scores mean nothing: one reason a defect that was asked for, none for an honest method."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from topojax.config import make_config
from topojax.defects import why_meaningless
from topojax.pipeline import Reading
from topojax.search import OBJECTIVES, register_objective
from topojax.topology import BettiDescriptors


def _reading(n_empty: int) -> Reading:
    probabilities = np.full((5, 2), 0.5, np.float32)
    descriptors = BettiDescriptors(np.zeros((5, 2, 4), np.int32), np.ones(5, np.int64))
    return Reading(probabilities, {}, descriptors, descriptors, np.arange(5) < n_empty)


def _reasons(preset: str, **overrides: Any) -> tuple[str, ...]:
    keys = {key.replace("__", "."): value for key, value in overrides.items()}
    readings = [_reading(n) for n in (1, 2, 3)]
    return why_meaningless(make_config(preset, overrides=keys), readings)


@pytest.mark.parametrize("preset", ["sound", "paper"])
def test_honest_presets_have_no_reason(preset: str) -> None:
    assert _reasons(preset) == ()
    assert _reasons(preset, search__objective="train-loss") == ()


def test_each_defect_is_a_reason() -> None:
    search, dropped = _reasons("official")
    assert search == OBJECTIVES["val-resubstitution"].defect
    assert "(6 in all splits)" in dropped
    (label,) = _reasons("sound", cam__target="label")
    assert "the maps are of the true class" in label


def test_added_objectives_that_score_what_they_trained_on_are_marked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("topojax.search.objectives.registry._OBJECTIVES", dict(OBJECTIVES))
    fitness = OBJECTIVES["val-auc"].fitness
    register_objective("added", fitness, splits=("val",), is_resubstitution=True)
    (reason,) = _reasons("sound", search__objective="added")
    assert "trained on" in reason
