"""Configuration and metrics as flat records."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from topojax.config import make_config
from topojax.runs import Metrics
from topojax.sinks.file_records import final_records, parameters
from topojax.sinks.records import File, Note, Scalar

LEAVES = st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.integers(), max_size=3)
KEYS = st.text(st.characters(exclude_characters="."), min_size=1, max_size=4)
TREES = st.recursive(LEAVES, lambda inner: st.dictionaries(KEYS, inner, max_size=3), max_leaves=10)


def _leaf(tree: Any, name: str) -> Any:
    for key in name.split("."):
        tree = tree[key]
    return tree


def _n_leaves(tree: Any) -> int:
    return sum(map(_n_leaves, tree.values())) if isinstance(tree, dict) and tree else 1


@given(st.dictionaries(KEYS, TREES, min_size=1, max_size=4))
def test_every_value_is_found_by_its_dotted_key(config: dict[str, Any]) -> None:
    found = parameters(config)
    assert len({one.name for one in found}) == len(found) == _n_leaves(config)
    for one in found:
        leaf = _leaf(config, one.name)
        assert (json.loads(str(one.value)) if isinstance(leaf, list | dict) else one.value) == leaf


def test_a_configuration_is_its_settings() -> None:
    found = {
        one.name: one.value for one in parameters(make_config("paper").model_dump(mode="json"))
    }
    assert found["preset"] == "paper"
    assert found["search.tau"] == 0.6
    assert json.loads(str(found["topology.filtrations"])) == ["intensity"]


def test_scores_of_every_method_come_with_their_ends(metrics: Metrics) -> None:
    records = final_records(Path("run"), metrics, 5.0)
    scalars = {one.name: one for one in records if isinstance(one, Scalar)}
    assert {(one.axis, one.step, one.time) for one in scalars.values()} == {(None, 0, 5.0)}
    values = {name: one.value for name, one in scalars.items()}
    ends = (("", 0.75), ("_low", 0.5), ("_high", 1.0))
    methods = [f"{s}/{m}" for s in ("train", "val", "test") for m in ("topocam", "backbone")]
    for method in (*methods, "test/topology+embedding"):
        for end, value in ends:
            assert values.pop(f"scores/{method}/auc{end}") == value
    assert values["exceeds/backbone/f1_low"] == -0.25
    assert values["rule/weight/layer4"] == 0.75
    assert (values["rule/tau"], values["calibration/temperature"]) == (0.5, 1.5)


def test_warnings_are_notes_and_files_are_named(metrics: Metrics) -> None:
    records = final_records(Path("run"), metrics, 5.0)
    notes = [one for one in records if isinstance(one, Note)]
    assert notes == [Note("warnings", "- Few images.\n- Small maps.", 5.0)]
    files = [one.path.name for one in records if isinstance(one, File)]
    assert files == ["report.html", "metrics.json", "config.json", "environment.json"]
    leaky = metrics.model_copy(update={"warnings": (), "meaningless": ("maps show labels",)})
    notes = [one for one in final_records(Path("run"), leaky, 5.0) if isinstance(one, Note)]
    assert notes == [Note("meaningless", "- maps show labels", 5.0)]
