"""The page: whole, self-contained, true to metrics.json, safe, and written at once."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
import threading
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import dataclass, replace
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from topojax.errors import RunError
from topojax.report import build_report
from topojax.report.intervals import difference_text, interval_text
from topojax.runs import (
    BackboneTraining,
    Classifier,
    ClassifierTrial,
    Environment,
    Generation,
    Metrics,
    Run,
    load_run,
)


class _Page(HTMLParser):
    """Tags with their attributes, and the text of every table."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.tables: list[str] = []
        self._in_table = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "table":
            self._in_table = True
            self.tables.append("")

    def handle_endtag(self, tag: str) -> None:
        self._in_table &= tag != "table"

    def handle_data(self, data: str) -> None:
        if self._in_table:
            self.tables[-1] += f"{data.strip()}\n"

    def table(self, caption: str) -> str:
        (found,) = [table for table in self.tables if caption in table]
        return found


def _images(page: str) -> list[tuple[str, bytes]]:
    found = re.findall(r'<img src="data:image/([a-z+]+);base64,([^"]+)"', page)
    return [(kind, base64.b64decode(data)) for kind, data in found]


@dataclass(frozen=True)
class Built:
    """A run's folder, its page and what the page must show, not to be changed."""

    folder: Path
    page: str
    run: Run


@pytest.fixture(params=["discs_run", "solids_run"])
def built(request: pytest.FixtureRequest) -> Built:
    """Return a run on images of two classes, or on volumes of three."""
    folder = request.getfixturevalue(request.param)
    return Built(folder, (folder / "report.html").read_text(encoding="utf-8"), load_run(folder))


def _change_metrics(folder: Path, **changes: Any) -> None:
    Metrics.read(folder).model_copy(update=changes).write(folder)


def test_the_page_says_which_classifiers_were_chosen(
    copied: Callable[[Path], Path], discs_run: Path
) -> None:
    folder = copied(discs_run)
    page = (discs_run / "report.html").read_text(encoding="utf-8")
    assert "128, 64" in _Page(page).table("Classifiers")
    assert "classifier.model=auto" not in page
    trial = ClassifierTrial(model="logistic", settings={"C": 0.25}, auc=0.875, log_loss=0.5)
    chosen = Classifier(model="logistic", settings={"C": 0.25}, cv_auc=0.875, trials=(trial,))
    _change_metrics(folder, classifiers={"topology": chosen})
    page = build_report(folder).read_text(encoding="utf-8")
    table = _Page(page).table("Classifiers")
    assert all(said in table for said in ("topology", "logistic", "C=0.25", "0.875"))
    assert "classifier.model=auto" in page
    _change_metrics(folder, classifiers={})
    assert "Classifiers" not in "".join(_Page(build_report(folder).read_text("utf-8")).tables)


def test_the_page_needs_nothing_beside_itself(built: Built) -> None:
    page = _Page(built.page)
    assert not {"link", "iframe", "object", "base", "form"} & {tag for tag, _ in page.tags}
    targets = [
        attributes[key] or ""
        for _, attributes in page.tags
        for key in ("src", "href", "srcset")
        if key in attributes
    ]
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(set(ids)) == len(ids)
    assert "#errors" in targets
    assert all(target.startswith("data:") or target[1:] in ids for target in targets)
    assert "url(" not in built.page
    assert "@import" not in built.page


def test_every_score_is_in_its_table(built: Built) -> None:
    page, metrics = _Page(built.page), built.run.metrics
    for split in ("train", "val", "test"):
        table = page.table(f"{split} split, n =")
        for scores in (metrics.topocam[split], metrics.backbone[split]):
            for name in ("auc", "accuracy", "sensitivity", "specificity", "f1"):
                assert interval_text(scores.metrics[name]) in table
    for scores, title in ((metrics.topocam, "TopoCAM"), (metrics.backbone, "Backbone alone")):
        for intervals in scores["test"].per_class.values():
            table = page.table(f"{title}, test split, each class")
            assert all(interval_text(interval) in table for interval in intervals)


def test_rule_coverage_and_timing_are_in_their_tables(built: Built) -> None:
    page, metrics = _Page(built.page), built.run.metrics
    rule = page.table("The rule of the ROI")
    fusion = metrics.fusion
    for number in (*fusion.weights.values(), fusion.tau, fusion.fitness):
        assert f"{number:.3f}" in rule
    coverage = page.table("Size of the ROI")
    for roi in metrics.roi.values():
        assert f"\n{roi.n}\n{roi.empty}\n" in coverage
        assert f"{roi.coverage_mean:.1%}\n{roi.coverage_median:.1%}" in coverage
    timing = page.table("Time by stage")
    assert all(f"\n{seconds:.1f}\n" in timing for seconds in metrics.timing.values())
    assert metrics.warnings
    assert all(warning in unescape(built.page) for warning in metrics.warnings)


def test_the_landscape_marks_the_rule_of_the_run(copied: Any, built: Built) -> None:
    folder, fusion = copied(built.folder), built.run.metrics.fusion
    arrays = load_run(folder).arrays
    ties = replace(arrays.tried, scores=np.full(len(arrays.tried.scores), 0.75))
    replace(arrays, tried=ties).write(folder)
    rule = ", ".join(f"{layer} {weight:.2f}" for layer, weight in fusion.weights.items())
    expected = f"the best is 0.750 at {rule}, threshold {fusion.tau:.2f}."
    assert expected in unescape(build_report(folder).read_text())


def test_what_the_method_is_measured_against_is_there(built: Built) -> None:
    page, metrics = _Page(built.page), built.run.metrics
    table = page.table("what it is measured against")
    assert len(metrics.comparisons) == 8
    for found in metrics.comparisons.values():
        for name in ("auc", "accuracy", "f1"):
            assert interval_text(found.scores.metrics[name]) in table
    (forest,) = [
        attributes["alt"]
        for tag, attributes in page.tags
        if tag == "img" and "Forest plot" in (attributes["alt"] or "")
    ]
    assert forest is not None
    for title in ("backbone alone", "size of the ROI alone", "predicted class alone"):
        assert title in table
        assert title in forest


def test_the_forest_shows_what_others_exceed_the_reference_by(built: Built) -> None:
    (forest,) = re.findall(r'alt="(Forest plot[^"]*)"', built.page)
    auc = built.run.metrics.topocam["test"].metrics["auc"].value
    found = built.run.metrics.comparisons["backbone"]
    excess = found.scores.metrics["auc"].value - auc
    assert abs(excess) > 0.01
    assert difference_text(-found.difference.differences["auc"]) in unescape(forest)
    sign = "+" if excess > 0 else "\N{MINUS SIGN}"
    assert re.search(rf"backbone alone, AUC [^;]*, difference \{sign}{abs(excess):.3f}", forest)


def test_calibration_is_there(built: Built) -> None:
    table, found = _Page(built.page).table("Calibration of TopoCAM"), built.run.metrics.calibration
    assert f"T = {found.temperature:.2f}" in table
    for errors in (found.val.before, found.val.after, found.test.before, found.test.after):
        assert all(f"{error:.3f}" in table for error in errors.to_json().values())
    assert "as the classifier gives them" in built.page


def test_scores_that_mean_nothing_say_so_in_red(copied: Any, discs_run: Path) -> None:
    folder = copied(discs_run)
    assert "mean nothing" not in build_report(folder).read_text()
    _change_metrics(folder, meaningless=("the maps are of the true class",))
    page = build_report(folder).read_text()
    (banner,) = re.findall(r'<aside class="meaningless".*?</aside>', page, re.DOTALL)
    assert "The scores of this run mean nothing." in banner
    assert "the maps are of the true class" in banner
    (style,) = re.findall(r"\.meaningless \{[^}]*\}", page)
    assert "color: #b91c1c" in style
    # Before any score.
    assert page.index(banner) < page.index("Scores on the test split")


def test_scores_of_cross_fitted_networks_are_called_so(copied: Any, discs_run: Path) -> None:
    folder = copied(discs_run)
    assert "The networks were fitted on the training images" in build_report(folder).read_text()
    path = folder / "config.json"
    config = json.loads(path.read_text())
    config["cam"]["folds"] = 3
    path.write_text(json.dumps(config))
    page = build_report(folder).read_text()
    assert "the network that has not seen the image" in page
    assert "Training of the first of 3 networks" in page


def test_warnings_are_escaped(copied: Any, discs_run: Path) -> None:
    folder = copied(discs_run)
    warning = "layer4's map is one cell: it is flat & adds nothing <at this size>"
    _change_metrics(folder, warnings=(warning,))
    page = build_report(folder).read_text()
    assert "<at this" not in page
    assert warning in unescape(page)


def test_a_given_rule_and_dropped_images_are_named(copied: Any, discs_run: Path) -> None:
    folder = copied(discs_run)
    metrics = Metrics.read(folder)
    given = {"method": "uniform", "searches": 0, "fitness": None, "history": ()}
    dropped = {"empty": 3, "dropped": 3}
    _change_metrics(
        folder,
        fusion=metrics.fusion.model_copy(update=given),
        roi={name: roi.model_copy(update=dropped) for name, roi in metrics.roi.items()},
    )
    page = build_report(folder).read_text()
    assert "given (search.method=uniform)" in _Page(page).table("The rule of the ROI")
    assert "3, dropped" in _Page(page).table("Size of the ROI")
    assert "no image is left out" not in page


def test_configuration_and_environment_are_there(built: Built) -> None:
    tables, environment = "".join(_Page(built.page).tables), built.run.environment
    assert f"\n{built.run.config['search']['population_per_gene']}\n" in tables
    jax = environment.packages["jax"]
    for text in ("learning_rate", environment.data.fingerprint, environment.started, jax):
        assert text in tables


def test_the_command_can_be_pasted(discs_run: Path, discs_file: Path) -> None:
    table = _Page((discs_run / "report.html").read_text()).table("What the run ran on")
    assert f"topojax fit '{discs_file}' -o " in table


def test_figures_are_valid_and_described(built: Built) -> None:
    images = _images(built.page)
    kinds = [kind for kind, _ in images]
    assert kinds.count("svg+xml") == 5
    arrays, n_classes = built.run.arrays, len(built.run.class_names)
    assert arrays.errors is not None
    # Of each class one example's bars, and the search's landscape.
    n_images = len(arrays.examples.labels) + len(arrays.errors.labels)
    assert kinds.count("png") == n_images + n_classes + 1
    for kind, content in images:
        if kind == "png":
            assert content.startswith(b"\x89PNG")
        else:
            assert ET.fromstring(content).tag.endswith("svg")
    alts = [attributes.get("alt") for tag, attributes in _Page(built.page).tags if tag == "img"]
    assert len(alts) == len(images)
    assert all(alt and len(alt) > 30 for alt in alts)


def test_tables_have_captions_and_heads(built: Built) -> None:
    tags = _Page(built.page).tags
    counts = {name: sum(tag == name for tag, _ in tags) for name in ("table", "caption", "thead")}
    assert counts["table"] == counts["caption"] == counts["thead"]
    assert all(attributes.get("scope") for tag, attributes in tags if tag == "th")
    assert ("html", {"lang": "en"}) in tags


def test_the_page_says_what_it_cannot_show(built: Built) -> None:
    paper = built.run.preset == "paper"
    assert ("own grid of thresholds" in built.page) == paper
    assert ("scores are optimistic" in built.page) == paper
    assert "scored once, after every choice was fixed" in built.page


def test_folders_without_the_objectives_sentence_get_it(copied: Any, discs_run: Path) -> None:
    folder = copied(discs_run)
    before = (folder / "report.html").read_bytes()
    _change_metrics(folder, fusion=Metrics.read(folder).fusion.model_copy(update={"note": ""}))
    assert build_report(folder).read_bytes() == before


NASTY = ("<script>alert(1)</script>", 'a & "b"', "$x_2$ costs $5", "_hidden", "漢字")


@pytest.mark.parametrize("names", [NASTY[:3], NASTY[2:]])
def test_class_names_are_escaped(copied: Any, solids_run: Path, names: tuple[str, ...]) -> None:
    folder = copied(solids_run)
    environment = Environment.read(folder)
    data = environment.data.model_copy(update={"class_names": names})
    environment.model_copy(update={"data": data}).write(folder)
    page = build_report(folder).read_text(encoding="utf-8")
    assert "<script>alert" not in page
    assert '"b"' not in page
    assert all(name in unescape(page) for name in names)
    drawn = "".join(
        "".join(ET.fromstring(content).itertext())
        for kind, content in _images(page)
        if kind == "svg+xml"
    )
    assert all(name in drawn for name in names)


@pytest.mark.filterwarnings("error")
def test_degenerate_runs_are_drawn_without_warnings(copied: Any, built: Built) -> None:
    folder, arrays, metrics = copied(built.folder), built.run.arrays, built.run.metrics
    shape = arrays.examples.masks.shape
    full = np.ones(shape, bool)
    full[0] = False
    replace(
        arrays,
        curves={
            name: replace(one, rois=np.zeros_like(one.rois), whole=np.zeros_like(one.whole))
            for name, one in arrays.curves.items()
        },
        examples=replace(
            arrays.examples,
            masks=full,
            fused=np.zeros(shape, np.float32),
            images=np.full((*shape, 3), 255, np.uint8),
        ),
    ).write(folder)
    start = (Generation(generation=0, best=0.5, mean=None),)
    _change_metrics(
        folder,
        fusion=metrics.fusion.model_copy(update={"fitness": None, "history": start}),
        backbone_training=BackboneTraining(
            best_epoch=0, history=metrics.backbone_training.history[:1]
        ),
        timing={},
        warnings=(),
    )
    assert "Warnings of the run" not in build_report(folder).read_text()
    _change_metrics(
        folder,
        fusion=metrics.fusion.model_copy(update={"history": ()}),
        backbone_training=BackboneTraining(best_epoch=0, history=()),
    )
    assert "not searched for" in build_report(folder).read_text()


def test_names_that_are_not_utf8_are_spelled(copied: Any, discs_run: Path) -> None:
    folder = copied(discs_run)
    environment = Environment.read(folder)
    name = os.fsdecode(b"caf\xe9.npz")
    data = environment.data.model_copy(update={"source": name, "class_names": (name, "b")})
    command = ("topojax", "fit", name)
    environment.model_copy(update={"data": data, "command": command}).write(folder)
    page = build_report(folder).read_text(encoding="utf-8")
    assert _Page(page).table("What the run ran on").count(r"caf\udce9.npz") == 2


def test_same_folder_same_page_even_from_threads(copied: Any, discs_run: Path) -> None:
    folder = copied(discs_run)
    first = (folder / "report.html").read_bytes()
    threads = [threading.Thread(target=build_report, args=(folder,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (folder / "report.html").read_bytes() == first
    assert not list(folder.glob(".report*"))


def test_a_failure_leaves_the_old_page_and_nothing_else(copied: Any, discs_run: Path) -> None:
    folder = copied(discs_run)
    (folder / "report.html").write_text("old")
    before = sorted(folder.iterdir())
    (folder / "metrics.json").write_text("{}")
    with pytest.raises(RunError, match=r"metrics\.json"):
        build_report(folder)
    assert (folder / "report.html").read_text() == "old"
    assert sorted(folder.iterdir()) == before


def test_a_place_that_cannot_be_written_is_named(copied: Any, discs_run: Path) -> None:
    folder = copied(discs_run)
    (folder / "report.html").unlink()
    (folder / "report.html").mkdir()
    with pytest.raises(RunError, match=r"report\.html cannot be written"):
        build_report(folder)
    assert not list(folder.glob(".report*"))


def test_folders_of_older_versions_have_pages(copied: Any, discs_run: Path) -> None:
    folder, run = copied(discs_run), load_run(discs_run)
    before = (folder / "report.html").read_text(encoding="utf-8")
    replace(run.arrays, errors=None, topology=None, bars=None).write(folder)
    page = build_report(folder).read_text(encoding="utf-8")
    assert "<script" not in page
    assert "script-src" not in page
    assert 'id="bars"' in before
    assert 'id="bars"' not in page
    n_wrong = int((run.probabilities["test"].argmax(axis=1) != run.labels["test"]).sum())
    assert f"{n_wrong} of {len(run.labels['test'])} test images" in page
    assert 0 < len(_images(page)) < len(_images(before))


def test_importing_the_report_loads_no_drawing_library() -> None:
    code = (
        "import sys, topojax.report, topojax.runs, topojax.evaluation; "
        "print({'matplotlib', 'jinja2', 'jax'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
