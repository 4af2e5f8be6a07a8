"""Where Betti numbers come from: tables true to the arrays, figures of each class, gaps said."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from topojax.report.sections import bar_section
from topojax.report.template import rendered
from topojax.runs import LastingBars, Run, load_run


@pytest.mark.parametrize("name", ["discs_run", "solids_run"])
def test_tables_have_every_bar_with_its_voxels(request: pytest.FixtureRequest, name: str) -> None:
    run = load_run(request.getfixturevalue(name))
    bars, section = run.arrays.bars, bar_section(run)
    assert bars is not None
    assert section is not None
    shape = run.arrays.examples.fused.shape[1:]
    assert len(section.figures) == len(section.tables) == len(run.class_names)
    tables = [*section.tables, *section.others]
    assert len(tables) == len(run.arrays.examples.labels)
    assert sum(len(table.rows) for table in tables) == len(bars.ends)
    row = section.tables[0].rows[0]
    assert row[0] == "β0, longest"
    assert row[2:4] == ("never", "∞")
    z = np.unravel_index(bars.voxels[0, 0], shape)
    assert row[4:] == (", ".join(str(place) for place in z), "")
    assert section.title.startswith("Where β1")
    assert not section.missing


def _page(run: Run) -> str:
    return rendered("sections/bars.html.j2", {"bars": bar_section(run)})


def test_what_is_not_known_is_on_the_page(solids_run: Path) -> None:
    run = load_run(solids_run)
    bars = run.arrays.bars
    assert bars is not None
    kept, missing = bars.dim != 1, bars.missing.astype("U40")
    missing[:, 1] = "needs <this>"
    without = replace(
        bars,
        **{key: getattr(bars, key)[kept] for key in ("example", "dim", "ends", "voxels")},
        missing=missing,
        counts=np.where(np.arange(3) == 1, -1, bars.counts),
    )
    page = _page(replace(run, arrays=replace(run.arrays, bars=without)))
    assert f"Not known: β1 of {len(missing)} of the examples: needs &lt;this&gt;." in page
    assert "β1, longest" not in page
    assert "β2, longest" in page


def test_images_without_a_bar_are_not_drawn(discs_run: Path) -> None:
    run = load_run(discs_run)
    bars = run.arrays.bars
    assert bars is not None
    none = np.empty((0, 2))
    empty = LastingBars(
        np.empty(0, int),
        np.empty(0, int),
        none,
        none.astype(int),
        np.zeros_like(bars.counts),
        bars.missing,
    )
    page = _page(replace(run, arrays=replace(run.arrays, bars=empty)))
    assert "<img" not in page
    assert page.count("<table") == len(run.arrays.examples.labels)
    assert "<img" in _page(run)
