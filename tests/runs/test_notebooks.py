"""What runs and scores show of themselves in notebooks."""

from __future__ import annotations

import os
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path
from urllib.request import url2pathname

import pytest

from topojax.runs import Evaluation, Run, load_run


def _parsed(html: str) -> ET.Element:
    return ET.fromstring(f"<div>{html}</div>")


@pytest.fixture(params=["discs_run", "solids_run"])
def run(request: pytest.FixtureRequest) -> Run:
    """Return a run of two classes, or of three."""
    return load_run(request.getfixturevalue(request.param))


def test_a_run_shows_its_scores_and_links_its_report(run: Run) -> None:
    page = _parsed(run._repr_html_())
    cells = [cell.text for cell in page.iter("td")]
    heads = [cell.text for cell in page.iter("th")]
    assert str(run.metrics.topocam["test"].metrics["auc"]) in cells
    for name, found in run.metrics.comparisons.items():
        assert name in heads
        assert str(found.scores.metrics["f1"]) in cells
    (link,) = page.iter("a")
    assert run.folder is not None
    address = link.attrib["href"]
    assert address.startswith("file:")
    assert Path(url2pathname(address.removeprefix("file://"))) == run.folder / "report.html"
    assert "mean nothing" not in "".join(page.itertext())


def test_links_are_relative_where_the_folder_was(
    discs_run: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "a run & more").symlink_to(discs_run)
    monkeypatch.chdir(tmp_path)
    (link,) = _parsed(load_run(Path("a run & more"))._repr_html_()).iter("a")
    assert link.attrib["href"] == "a%20run%20%26%20more/report.html"
    assert os.fspath(tmp_path) not in link.attrib["href"]


def test_a_run_without_a_report_has_no_link(run: Run, tmp_path: Path) -> None:
    for folder in (None, tmp_path):
        assert not list(_parsed(replace(run, folder=folder)._repr_html_()).iter("a"))


def test_scores_that_mean_nothing_say_so_above_them(run: Run) -> None:
    metrics = run.metrics.model_copy(update={"meaningless": ("maps of the <true> class",)})
    html = replace(run, metrics=metrics)._repr_html_()
    assert "".join(_parsed(html).itertext()).count("mean nothing: maps of the <true> class.") == 1
    assert html.index("mean nothing") < html.index("<table")


def test_names_are_escaped(run: Run) -> None:
    data = run.environment.data.model_copy(update={"name": "<b>&"})
    named = replace(run, environment=run.environment.model_copy(update={"data": data}))
    assert "TopoCAM on <b>&:" in "".join(_parsed(named._repr_html_()).itertext())


def test_evaluations_and_scores_show_themselves(run: Run) -> None:
    metrics = run.metrics
    scores = metrics.topocam["test"]
    own = _parsed(scores._repr_html_())
    assert [cell.text for cell in own.iter("td")] == [str(one) for one in scores.metrics.values()]
    assert f"n = {scores.n}; brackets: 95% stratified" in (own.findtext(".//caption") or "")
    evaluation = Evaluation(
        topocam=scores, backbone=metrics.backbone["test"], comparisons=metrics.comparisons
    )
    rows = list(_parsed(evaluation._repr_html_()).iter("tr"))
    assert len(rows) == 2 + len(metrics.comparisons)
    assert {len(row) for row in rows} == {2 + len(scores.metrics)}
