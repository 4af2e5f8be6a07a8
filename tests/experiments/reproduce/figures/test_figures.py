"""Figures show their run, say what they are of, and why they are missing."""

from __future__ import annotations

import base64
import csv
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from topojax.data import Dataset
from topojax.errors import ConfigError
from topojax.experiments.reproduce import Asked, Choices, reproduce, reproduction
from topojax.experiments.reproduce.made.outcome import Outcome
from topojax.experiments.reproduce.planned import PlannedRun
from topojax.runs import Environment, Run, load_run


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[PlannedRun]]:
    """Return a function from a run folder, or a reason to fail, to what is run, all with that."""

    def give(folder: Path | None, failure: str | None = None) -> list[PlannedRun]:
        seen: list[PlannedRun] = []

        def run_all(runs: list[PlannedRun], *_: Any, **__: Any) -> dict[PlannedRun, Outcome]:
            seen.extend(runs)
            return {run: Outcome(run, folder, failure) for run in runs}

        monkeypatch.setattr(reproduction, "run_all", run_all)
        return seen

    return give


def _unread(name: str, size: int | None) -> Dataset:
    raise AssertionError("nothing is read here")


def _lines(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_both_kinds_are_files_and_on_the_pages(
    given: Callable[..., list[PlannedRun]], solids_run: Path, tmp_path: Path
) -> None:
    seen = given(solids_run)
    made = reproduce(Asked((), figures=(5, 6)), Choices(), _unread, tmp_path)
    assert [one.reasons() for one in made] == [(), ()]
    # One run serves both.
    assert len(set(seen)) == 1
    markdown = (tmp_path / "tables.md").read_text("utf-8")
    page = (tmp_path / "tables.html").read_text("utf-8")
    inside = re.findall(r"data:image/svg\+xml;base64,([\w+/=]+)", page)
    for stem, encoded in zip(
        ("figure5_nodulemnist3d", "figure6_nodulemnist3d"), inside, strict=True
    ):
        svg = (tmp_path / f"{stem}.svg").read_bytes()
        assert ET.fromstring(svg).tag.endswith("svg")
        assert base64.b64decode(encoded) == svg
        assert (tmp_path / f"{stem}.png").read_bytes().startswith(b"\x89PNG")
        assert f"]({stem}.svg)" in markdown
        assert f"]({stem}.csv)" in markdown
    for text in (markdown, page):
        assert "seed 0. Preset paper, budget quick" in text
        assert "started from scratch, the paper" in text
        assert "distances between clusters in t-SNE mean nothing" in text
    assert "<script" not in page


def test_curves_are_the_runs_medians(
    given: Callable[..., list[PlannedRun]], solids_run: Path, tmp_path: Path
) -> None:
    given(solids_run)
    reproduce(Asked((), figures=(3,)), Choices(), _unread, tmp_path)
    lines = _lines(tmp_path / "figure3_synapsemnist3d.csv")
    run = load_run(solids_run)
    curves = run.arrays.curves["intensity"]
    n_dims, n_thresholds = curves.rois.shape[1:]
    assert len(lines) == 2 * len(run.class_names) * n_dims * n_thresholds
    members = run.labels["test"] == 1
    for region, values in (("roi", curves.rois), ("whole", curves.whole)):
        found = [
            line
            for line in lines
            if (line["class"], line["region"], line["dimension"])
            == (run.class_names[1], region, "0")
        ]
        medians = [float(line["median"]) for line in found]
        np.testing.assert_allclose(medians, np.median(values[members, 0], axis=0))
        assert {line["n"] for line in found} == {str(members.sum())}
        assert all(float(x["p30"]) <= float(x["median"]) <= float(x["p70"]) for x in found)


def test_points_are_the_test_images(
    given: Callable[..., list[PlannedRun]], discs_run: Path, tmp_path: Path
) -> None:
    given(discs_run)
    reproduce(Asked((), figures=(6,)), Choices(), _unread, tmp_path)
    run: Run = load_run(discs_run)
    lines = _lines(tmp_path / "figure6_nodulemnist3d.csv")
    assert [int(line["label"]) for line in lines] == list(run.labels["test"])
    assert {line["class"] for line in lines} == set(run.class_names)
    places = np.array([[float(line[key]) for key in ("whole_x", "roi_x")] for line in lines])
    assert np.isfinite(places).all()
    assert (places.std(axis=0) > 0).all()


def test_a_run_of_a_table_serves_the_figure(
    given: Callable[..., list[PlannedRun]], tmp_path: Path
) -> None:
    seen = given(None, "no memory left")
    asked = Asked((2,), ("nodulemnist3d",), ("topocam",), (0, 1), figures=(5,))
    table, figure = reproduce(asked, Choices(cut=40), _unread, tmp_path)
    assert len(set(seen)) == 2
    assert [one.config.seed for one in seen].count(0) == 2
    assert "first of 2 seeds, 0" in figure.caption
    assert "At most 40 images" in figure.caption
    assert table.number == 2


def test_what_fails_is_said_and_leaves_no_old_figure(
    given: Callable[..., list[PlannedRun]], solids_run: Path, tmp_path: Path
) -> None:
    asked = Asked((), figures=(5,))
    given(solids_run)
    reproduce(asked, Choices(), _unread, tmp_path)
    given(None, "weights /of/nobody/r3d.pth do not fit")
    choices = Choices(weights={"r3d_18": "/of/nobody/r3d.pth"})
    (figure,) = reproduce(asked, choices, _unread, tmp_path)
    reason = "Figure 5, nodulemnist3d: seed 0: weights r3d.pth do not fit"
    assert figure.reasons() == (reason,)
    assert not list(tmp_path.glob("figure*"))
    for name in ("md", "html"):
        text = (tmp_path / f"tables.{name}").read_text("utf-8")
        assert reason in text
        assert "Not made" in text


def test_a_broken_run_folder_is_a_reason(
    given: Callable[..., list[PlannedRun]], tmp_path: Path
) -> None:
    given(tmp_path / "gone")
    (figure,) = reproduce(Asked((), figures=(4,)), Choices(), _unread, tmp_path)
    assert "gone is missing" in figure.reasons()[0]


def test_class_names_make_no_markup(
    given: Callable[..., list[PlannedRun]],
    copied: Callable[[Path], Path],
    solids_run: Path,
    tmp_path: Path,
) -> None:
    folder = copied(solids_run)
    environment = Environment.read(folder)
    names = ("<script>alert(1)</script>", "$x_2$ [a](b) *", "caf\udce9 & 漢字")
    data = environment.data.model_copy(update={"class_names": names})
    environment.model_copy(update={"data": data}).write(folder)
    given(folder)
    reproduce(Asked((), figures=(5, 6)), Choices(), _unread, tmp_path)
    for path in tmp_path.glob("figure*.svg"):
        assert b"<script" not in path.read_bytes()
        ET.fromstring(path.read_bytes())
    assert "<script" not in (tmp_path / "tables.html").read_text("utf-8")
    markdown = (tmp_path / "tables.md").read_text("utf-8")
    assert r"\[a\](b) \*" in markdown
    assert "<script" not in markdown.replace(r"\<script", "")


def test_files_of_one_name_get_figures_of_their_own(
    given: Callable[..., list[PlannedRun]], discs_run: Path, discs: Dataset, tmp_path: Path
) -> None:
    given(discs_run)
    asked = Asked((), ("a/mine.npz", "b/mine.npz"), figures=(5,))
    made = reproduce(asked, Choices(), lambda name, size: discs, tmp_path)
    assert len(made) == 2
    assert len(list(tmp_path.glob("figure5_mine*.svg"))) == 2


def test_data_sets_of_figures() -> None:
    def drawn(*figures: int, datasets: tuple[str, ...] = ()) -> list[tuple[int, str]]:
        pairs = Asked((), datasets, figures=figures).drawn()
        return [(figure.number, dataset) for figure, dataset in pairs]

    synapse, nodule, other = "synapsemnist3d", "nodulemnist3d", "adrenalmnist3d"
    assert drawn(3, 6) == [(3, synapse), (6, nodule)]
    assert drawn(5, datasets=(other, synapse)) == [(5, other), (5, synapse)]
    # What another one shows is that one's.
    assert drawn(3, 5, 6, datasets=(synapse,)) == [(3, synapse), (6, synapse)]
    with pytest.raises(ConfigError, match="figure=2 is not the paper's"):
        drawn(2)


def test_a_figure_adds_no_row_to_a_table(
    given: Callable[..., list[PlannedRun]], tmp_path: Path
) -> None:
    given(None, "not tried")
    (table, _) = reproduce(Asked((3,), figures=(5,)), Choices(), _unread, tmp_path)
    assert table.datasets == ("breastmnist", "pneumoniamnist")
