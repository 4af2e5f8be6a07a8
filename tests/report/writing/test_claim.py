"""The checklist: 44 items, filled by what the run knows and by nothing else."""

from __future__ import annotations

import pytest

from topojax.config import parse_config
from topojax.report.intervals import interval_text
from topojax.report.writing.claim import claim_table, read_items
from topojax.runs import Run, load_run


@pytest.fixture(params=["discs_run", "solids_run"])
def run(request: pytest.FixtureRequest) -> Run:
    """Return a run of two classes, or of three."""
    return load_run(request.getfixturevalue(request.param))


def _told(run: Run) -> dict[int, str]:
    table = claim_table(run, parse_config(run.config))
    return {int(number): told for number, _, told in table.rows}


def test_the_items_are_the_44_of_2024() -> None:
    items = read_items()
    assert [item.number for item in items] == list(range(1, 45))
    parts = {item.number: item.part for item in items}
    firsts = {5: "Study design", 7: "Data", 14: "Reference standard", 19: "Partitions"}
    firsts |= {21: "Testing data", 22: "Model", 25: "Training", 28: "Evaluation"}
    firsts |= {35: "Results: data", 37: "Results: performance", 40: "Discussion", 42: "Other"}
    for number, part in firsts.items():
        assert parts[number] == part
        assert parts[number - 1] != part


def test_what_no_run_knows_is_left_to_the_authors(run: Run) -> None:
    told = _told(run)
    open_ones = {number for number, text in told.items() if text == "to be written by the authors"}
    clinical = {2, 3, 4, 5, 6, 8, 11, 13, 14, 15, 16, 17, 18, 34, 41, 44}
    assert clinical <= open_ones
    assert not open_ones & {22, 23, 24, 25, 26, 28, 29, 37, 38}
    caption = claim_table(run, parse_config(run.config)).caption
    assert caption == f"CLAIM 2024: the run knows something of {44 - len(open_ones)} of 44 items"


def test_numbers_are_the_runs(run: Run) -> None:
    told = _told(run)
    scores = run.metrics.topocam["test"].metrics
    for number, names in ((37, ("auc", "accuracy", "f1")), (38, ("sensitivity", "specificity"))):
        assert all(interval_text(scores[name]) in told[number] for name in names)
    n = run.environment.data.n
    assert str(n["test"]) in told[21]
    assert run.environment.packages["jax"] in told[23]
    assert run.environment.data.fingerprint in told[7]
    confused = int((run.probabilities["test"].argmax(axis=1) != run.labels["test"]).sum())
    assert told[39].startswith(f"{confused} of {n['test']} test images")
