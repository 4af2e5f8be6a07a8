"""The page: whole, self-contained, true to metrics.json, safe, and written at once."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
import threading
import xml.etree.ElementTree as ET
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from topojax.errors import RunError
from topojax.report import build_report


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


def _interval(values: dict[str, float]) -> str:
    return "{value:.3f} [{low:.3f},\N{NO-BREAK SPACE}{high:.3f}]".format(**values)


def _metrics(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "metrics.json").read_text())


def _change_metrics(folder: Path, **changes: Any) -> None:
    (folder / "metrics.json").write_text(json.dumps(_metrics(folder) | changes))


def _change_features(folder: Path, **changes: np.ndarray) -> None:
    with np.load(folder / "features.npz") as file:
        arrays = dict(file)
    np.savez(folder / "features.npz", **(arrays | changes))


def test_the_page_needs_nothing_beside_itself(built: Any) -> None:
    page = _Page(built.page)
    assert not {"link", "script", "iframe", "object"} & {tag for tag, _ in page.tags}
    targets = [
        attributes[key] or ""
        for _, attributes in page.tags
        for key in ("src", "href", "srcset")
        if key in attributes
    ]
    assert targets
    assert all(target.startswith("data:") for target in targets)
    assert "url(" not in built.page
    assert "@import" not in built.page


def test_every_score_is_in_its_table(built: Any) -> None:
    page, metrics = _Page(built.page), _metrics(built.folder)
    for split in ("train", "val", "test"):
        table = page.table(f"{split} split, n =")
        for method in ("topocam", "backbone"):
            for name in ("auc", "accuracy", "sensitivity", "specificity", "f1"):
                assert _interval(metrics[method][split][name]) in table
    for method, title in (("topocam", "TopoCAM"), ("backbone", "Backbone alone")):
        for intervals in metrics[method]["test"]["per_class"].values():
            table = page.table(f"{title}, test split, each class")
            assert all(_interval(interval) in table for interval in intervals)


def test_rule_coverage_and_timing_are_in_their_tables(built: Any) -> None:
    page, metrics = _Page(built.page), _metrics(built.folder)
    rule = page.table("The rule of the ROI")
    fusion = metrics["fusion"]
    for number in (*fusion["weights"].values(), fusion["tau"], fusion["fitness"]):
        assert f"{number:.3f}" in rule
    coverage = page.table("Size of the ROI")
    for roi in metrics["roi"].values():
        assert f"\n{roi['n']}\n{roi['empty']}\n" in coverage
        assert f"{roi['coverage_mean']:.1%}\n{roi['coverage_median']:.1%}" in coverage
    timing = page.table("Time by stage")
    assert all(f"\n{seconds:.1f}\n" in timing for seconds in metrics["timing"].values())
    assert all(warning in unescape(built.page) for warning in metrics["warnings"])


def test_what_the_method_is_measured_against_is_there(built: Any) -> None:
    page, metrics = _Page(built.page), _metrics(built.folder)
    table = page.table("what it is measured against")
    assert len(metrics["comparisons"]) == 6
    for found in metrics["comparisons"].values():
        for name in ("auc", "accuracy", "f1"):
            assert _interval(found["scores"][name]) in table
    (forest,) = [
        attributes["alt"]
        for tag, attributes in page.tags
        if tag == "img" and "Forest plot" in (attributes["alt"] or "")
    ]
    assert forest is not None
    for title in ("backbone alone", "size of the ROI alone", "predicted class alone"):
        assert title in table
        assert title in forest


def test_calibration_is_there(built: Any) -> None:
    table = _Page(built.page).table("Calibration of TopoCAM")
    assert "T = 1.38" in table
    for split in ("val", "test"):
        for errors in (
            _metrics(built.folder)["calibration"][split][k] for k in ("before", "after")
        ):
            assert all(f"{error:.3f}" in table for error in errors.values())
    assert "as the classifier gives them" in built.page


def test_scores_that_mean_nothing_say_so_in_red(make_run: Any) -> None:
    folder = make_run()
    assert "mean nothing" not in build_report(folder).read_text()
    _change_metrics(folder, meaningless=["the maps are of the true class"])
    page = build_report(folder).read_text()
    (banner,) = re.findall(r'<aside class="meaningless".*?</aside>', page, re.DOTALL)
    assert "The scores of this run mean nothing." in banner
    assert "the maps are of the true class" in banner
    (style,) = re.findall(r"\.meaningless \{[^}]*\}", page)
    assert "color: #b91c1c" in style
    # Before any score.
    assert page.index(banner) < page.index("Scores on the test split")


def test_a_given_rule_and_dropped_images_are_named(make_run: Any) -> None:
    folder = make_run()
    metrics = _metrics(folder)
    given = {"method": "uniform", "searches": 0, "fitness": None, "history": []}
    dropped = {name: roi | {"dropped": roi["empty"]} for name, roi in metrics["roi"].items()}
    _change_metrics(folder, fusion=metrics["fusion"] | given, roi=dropped)
    page = build_report(folder).read_text()
    assert "given (search.method=uniform)" in _Page(page).table("The rule of the ROI")
    assert f"{dropped['val']['dropped']}, dropped" in _Page(page).table("Size of the ROI")
    assert "no image is left out" not in page


def test_configuration_and_environment_are_there(built: Any) -> None:
    tables = "".join(_Page(built.page).tables)
    config = json.loads((built.folder / "config.json").read_text())
    assert f"\n{config['search']['population_per_gene']}\n" in tables
    for text in ("learning_rate", "9f86d081884c7d65", "topojax fit 'my data.npz'", "0.12.0"):
        assert text in tables


def test_figures_are_valid_and_described(built: Any) -> None:
    images = _images(built.page)
    kinds = [kind for kind, _ in images]
    assert kinds.count("svg+xml") == 5
    assert kinds.count("png") == 7
    for kind, content in images:
        if kind == "png":
            assert content.startswith(b"\x89PNG")
        else:
            assert ET.fromstring(content).tag.endswith("svg")
    alts = [attributes.get("alt") for tag, attributes in _Page(built.page).tags if tag == "img"]
    assert len(alts) == len(images)
    assert all(alt and len(alt) > 30 for alt in alts)


def test_tables_have_captions_and_heads(built: Any) -> None:
    tags = _Page(built.page).tags
    counts = {name: sum(tag == name for tag, _ in tags) for name in ("table", "caption", "thead")}
    assert counts["table"] == counts["caption"] == counts["thead"]
    assert all(attributes.get("scope") for tag, attributes in tags if tag == "th")
    assert ("html", {"lang": "en"}) in tags


def test_the_page_says_what_it_cannot_show(built: Any) -> None:
    paper = json.loads((built.folder / "config.json").read_text())["preset"] == "paper"
    # The fixture of the paper's preset stores no shared grid.
    assert ("own grid of thresholds" in built.page) == paper
    assert ("scores are optimistic" in built.page) == paper
    assert "scored once, after every choice was fixed" in built.page


NASTY = ("<script>alert(1)</script>", 'a & "b"', "$x_2$ costs $5", "_hidden", "漢字")


def test_class_names_are_escaped(make_run: Any) -> None:
    folder = make_run((9, 9), NASTY)
    page = build_report(folder).read_text(encoding="utf-8")
    assert "<script" not in page
    assert '"b"' not in page
    assert all(name in unescape(page) for name in NASTY)
    drawn = "".join(
        "".join(ET.fromstring(content).itertext())
        for kind, content in _images(page)
        if kind == "svg+xml"
    )
    assert all(name in drawn for name in NASTY)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("shape", [(9, 9), (5, 6, 7)])
def test_degenerate_runs_are_drawn_without_warnings(make_run: Any, shape: tuple) -> None:
    folder = make_run(shape, ("empty", "full"))
    with np.load(folder / "features.npz") as file:
        curves, masks = file["test_curves"], file["example_masks"]
    full = np.ones_like(masks)
    full[0] = False
    _change_features(
        folder,
        test_curves=np.zeros_like(curves),
        test_curves_full=np.zeros_like(curves),
        example_masks=full,
        example_fused=np.zeros(masks.shape, np.float32),
        example_images=np.full((*masks.shape, 3), 255, np.uint8),
    )
    metrics = _metrics(folder)
    _change_metrics(
        folder,
        fusion=metrics["fusion"]
        | {"fitness": None, "history": [{"generation": 0, "best": 0.5, "mean": None}]},
        backbone_training={"best_epoch": 0, "history": metrics["backbone_training"]["history"][:1]},
        timing={},
        warnings=[],
    )
    assert "Warnings of the run" not in build_report(folder).read_text()
    _change_metrics(
        folder,
        fusion=metrics["fusion"] | {"history": []},
        backbone_training={"best_epoch": 0, "history": []},
    )
    assert "not searched for" in build_report(folder).read_text()


def test_many_classes_have_a_colour_each(make_run: Any) -> None:
    names = tuple(f"organ {c}" for c in range(9))
    page = build_report(make_run((9, 9), names)).read_text()
    roc = next(content for kind, content in _images(page) if kind == "svg+xml").decode()
    colours = set(re.findall(r"stroke: (#[0-9a-f]{6})", roc)) - {"#000000", "#999999"}
    assert len(colours) == 9


def test_same_folder_same_page_even_from_threads(make_run: Any) -> None:
    folder = make_run((9, 9), ("a", "b"))
    first = build_report(folder).read_bytes()
    threads = [threading.Thread(target=build_report, args=(folder,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (folder / "report.html").read_bytes() == first
    assert not list(folder.glob(".report*"))


def test_a_failure_leaves_the_old_page_and_nothing_else(make_run: Any) -> None:
    folder = make_run()
    (folder / "report.html").write_text("old")
    before = sorted(folder.iterdir())
    (folder / "metrics.json").write_text("{}")
    with pytest.raises(RunError, match=r"metrics\.json"):
        build_report(folder)
    assert (folder / "report.html").read_text() == "old"
    assert sorted(folder.iterdir()) == before


def test_a_place_that_cannot_be_written_is_named(make_run: Any) -> None:
    folder = make_run()
    (folder / "report.html").mkdir()
    with pytest.raises(RunError, match=r"report\.html cannot be written"):
        build_report(folder)
    assert not list(folder.glob(".report*"))


def test_importing_the_report_loads_no_drawing_library() -> None:
    code = (
        "import sys, topojax.report, topojax.evaluation; "
        "print({'matplotlib', 'jinja2', 'jax'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
