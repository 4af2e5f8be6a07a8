"""What of it is on the report's page."""

from __future__ import annotations

import json
from collections.abc import Callable
from html import unescape
from pathlib import Path

from topojax.report import build_report
from topojax.report.writing import write_up
from topojax.runs import load_run


def test_methods_references_and_checklist_end_the_page(discs_run: Path) -> None:
    page = unescape((discs_run / "report.html").read_text("utf-8"))
    writing = write_up(load_run(discs_run))
    assert writing is not None
    titles = [title for title, _ in writing.methods]
    assert titles[0] == "Data"
    assert titles[-1] == "Software"
    assert page.index("To repeat it") < page.index(">Methods and references</h2>")
    assert all(f"<strong>{title}.</strong> {text}</p>" in page for title, text in writing.methods)
    assert all(f"<li>{reference}</li>" in page for reference in writing.references)
    assert writing.bibtex.strip() in page
    assert writing.claim.caption in page
    assert f"2024 update [{writing.claim_number}]" in page


def test_the_page_says_why_nothing_is_written(
    copied: Callable[[Path], Path], discs_run: Path
) -> None:
    folder = copied(discs_run)
    config = json.loads((folder / "config.json").read_text())
    config["cam"]["of_the_future"] = 1
    (folder / "config.json").write_text(json.dumps(config))
    page = build_report(folder).read_text("utf-8")
    assert "Not written: another version of topojax" in page
    assert "BibTeX" not in page
