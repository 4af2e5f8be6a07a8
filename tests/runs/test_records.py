"""The JSON files of a run: keys that outside readers rely on, both ways, strict and lenient."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from topojax.errors import RunError
from topojax.evaluation import Interval, Scores
from topojax.report import build_report
from topojax.runs import Environment, Fusion, Generation, Metrics
from topojax.runs.record import FileRecord

FUSION = {
    "weights": {"layer2": 0.25, "layer3": 0.75},
    "tau": 0.5,
    "method": "evolution",
    "objective": "cv-auc",
    "searches": 1,
    "fitness": 0.875,
    "history": [{"generation": 0, "best": 0.875, "mean": None}],
    "note": "A sentence.",
    "has_unseen_maps": False,
    "val_auc": None,
}


def _keys(values: Any) -> Any:
    return {key: _keys(one) for key, one in values.items()} if isinstance(values, dict) else None


@pytest.mark.parametrize("record", [Metrics, Environment])
@pytest.mark.parametrize("run", ["discs_run", "solids_run"])
def test_files_are_what_their_records_say(
    request: pytest.FixtureRequest, run: str, record: type[FileRecord]
) -> None:
    folder = request.getfixturevalue(run)
    written = json.loads((folder / record.file_name).read_text())
    again = record.read(folder).to_json()
    assert again == written
    assert json.dumps(again) == json.dumps(written)


def test_keys_of_the_metrics_stay(discs_run: Path) -> None:
    written = json.loads((discs_run / "metrics.json").read_text())
    interval = dict.fromkeys(("value", "low", "high"))
    names = ("auc", "accuracy", "sensitivity", "specificity", "f1")
    counts = dict.fromkeys(("n", "n_bootstrap", "level"))
    scores = dict.fromkeys(names, interval) | {"per_class": {}} | counts
    by_split = dict.fromkeys(("train", "val", "test"), scores)
    difference = dict.fromkeys(names, interval | {"p_value": None})
    compared = {"scores": scores, "difference": difference | {"auc_method": None} | counts}
    errors = dict.fromkeys(("expected_error", "maximum_error", "brier", "log_loss"))
    calibrated = {"before": errors, "after": errors}
    coverage = dict.fromkeys(("n", "empty", "dropped", "coverage_mean", "coverage_median"))
    names_of_mlps = ("hidden", "epochs", "batch_size", "learning_rate", "standardise")
    settings = dict.fromkeys(names_of_mlps)
    stages = ("backbone", "cam", "filters", "search", "classifier", "evaluation")
    assert _keys(written) == {
        "topocam": by_split,
        "backbone": by_split,
        "comparisons": dict.fromkeys(
            (
                "backbone",
                "embedding",
                "topology+embedding",
                "whole-image",
                "volumes",
                "whole-volumes",
                "roi-size",
                "predicted-class",
            ),
            compared,
        ),
        "calibration": {"temperature": None, "used": None, "val": calibrated, "test": calibrated},
        "fusion": _keys(FUSION) | {"weights": dict.fromkeys(("layer2", "layer3", "layer4"))},
        "roi": dict.fromkeys(("train", "val", "test"), coverage),
        "backbone_training": {"best_epoch": None, "history": None},
        "other_training": None,
        "filtrations": None,
        "classifiers": dict.fromkeys(
            (
                "topology",
                "embedding",
                "topology+embedding",
                "whole-image",
                "volumes",
                "whole-volumes",
                "roi-size",
                "predicted-class",
            ),
            dict.fromkeys(("model", "cv_auc", "trials")) | {"settings": settings},
        ),
        "timing": dict.fromkeys(stages),
        "warnings": None,
        "meaningless": None,
    }


def test_the_rule_carries_its_objectives_sentence(discs_run: Path, solids_run: Path) -> None:
    assert "inside the training split" in Metrics.read(discs_run).fusion.note
    assert "optimistic" in Metrics.read(solids_run).fusion.note


def test_a_record_has_no_other_keys_but_a_file_may(copied: Any, discs_run: Path) -> None:
    assert Fusion(**FUSION).to_json() == FUSION
    with pytest.raises(ValidationError, match="another"):
        Fusion(**FUSION, another=1)
    folder = copied(discs_run)
    before = Metrics.read(folder)
    values = before.to_json() | {"another": 1}
    values["fusion"]["another"] = 2
    (folder / "metrics.json").write_text(json.dumps(values))
    assert Metrics.read(folder) == before


def test_folders_of_older_versions_have_no_sentence(copied: Any, discs_run: Path) -> None:
    folder = copied(discs_run)
    values = Metrics.read(folder).to_json()
    del values["fusion"]["note"]
    (folder / "metrics.json").write_text(json.dumps(values))
    assert Metrics.read(folder).fusion.note == ""


def test_folders_of_older_versions_do_not_say_which_classifiers(
    copied: Any, discs_run: Path
) -> None:
    folder = copied(discs_run)
    values = Metrics.read(folder).to_json()
    assert values["classifiers"]["topology"]["model"] == "mlp"
    del values["classifiers"]
    (folder / "metrics.json").write_text(json.dumps(values))
    assert Metrics.read(folder).classifiers == {}
    build_report(folder)


def test_nan_is_no_record_and_no_json(copied: Any, discs_run: Path) -> None:
    with pytest.raises(ValidationError, match="finite"):
        Generation(generation=0, best=float("nan"), mean=None)
    folder = copied(discs_run)
    metrics = Metrics.read(folder)
    nowhere = Scores({"auc": Interval(float("nan"), 0, 1)}, {}, 1, 1, 0.95)
    (folder / "metrics.json").unlink()
    with pytest.raises(ValueError, match="Out of range"):
        metrics.model_copy(update={"topocam": {"test": nowhere}}).write(folder)
    assert not (folder / "metrics.json").exists()


@pytest.mark.parametrize("text", ["[]", "1", '{"data": {}}'])
def test_other_json_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "environment.json").write_text(text)
    with pytest.raises(RunError, match=r"environment\.json does not hold a finished run"):
        Environment.read(tmp_path)
