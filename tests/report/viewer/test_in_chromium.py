"""The page in a browser: its numbers are the arrays', by keyboard, with no error and no request."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from oracles.chromium import Chromium, find_chromium
from topojax.kernels import betti_curves
from topojax.runs import Run, load_run


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    executable = find_chromium()
    if executable is None:
        pytest.skip("no Chromium is installed (chromium, chromium-browser, google-chrome)")
    with Chromium(executable, tmp_path_factory.mktemp("profile")) as browser:
        yield browser


@dataclass(frozen=True)
class Opened:
    """A page in the browser, and the run that it is of."""

    browser: Chromium
    run: Run

    def text(self, name: str) -> str:
        return self.browser.value(f"document.getElementById('viewer-{name}').textContent")

    def slider(self, name: str) -> int:
        return int(self.browser.value(f"document.getElementById('viewer-{name}').value"))

    def focus(self, selector: str) -> None:
        self.browser.value(f"document.querySelector({selector!r}).focus()")

    def pictures(self) -> list[str]:
        found = "Array.from(document.querySelectorAll('.slice canvas'), c => c.toDataURL())"
        return self.browser.value(found)

    def places(self) -> list[int]:
        label = self.browser.value(
            "document.querySelector('.slice canvas').getAttribute('aria-label')"
        )
        return [int(place) for place in re.findall(r"\d+", label.partition("cross at")[2])]


@pytest.fixture(params=["discs_run", "solids_run"])
def opened(request: pytest.FixtureRequest, browser: Chromium) -> Opened:
    folder = request.getfixturevalue(request.param)
    browser.open(folder / "report.html")
    browser.wait_for("!document.getElementById('viewer').hidden")
    return Opened(browser, load_run(folder))


def _expected(run: Run, row: int, k: int, j: int) -> tuple[str, str]:
    """Return what is said of an example at stops k and j, computed from the images anew."""
    topology, examples = run.arrays.topology, run.arrays.examples
    assert topology is not None
    tau, threshold = topology.taus[row, k], topology.thresholds[row, k, j]
    fused, values = examples.fused[row], topology.values[row]
    roi = fused >= min(np.float32(tau), fused.max())
    seen, mask = values, roi
    if run.config["topology"]["background"] == "zero":
        seen, mask = np.where(roi, values, 0), np.ones_like(roi)
    numbers = betti_curves(seen, [threshold], mask=mask)[:, 0]
    own = ", the run's" if tau == topology.own_tau[row] else ""
    said = ", ".join(f"β{dim} = {number}" for dim, number in enumerate(numbers))
    inside = int((roi & (values.astype(np.float64) <= threshold)).sum())
    return (
        f"τ = {float(f'{tau:.4g}'):g}{own}: {roi.sum()} voxels, {100 * roi.mean():.1f}%",
        f": {said}; {inside} of {roi.sum()} voxels have entered",
    )


def _agrees(opened: Opened, row: int) -> None:
    roi, entered = _expected(opened.run, row, opened.slider("tau"), opened.slider("level"))
    said, _, share = opened.text("roi").rpartition(", ")
    expected, _, percent = roi.rpartition(", ")
    assert said == expected
    # Halves are rounded up there, and to even here.
    assert float(share.rstrip("%")) == pytest.approx(float(percent.rstrip("%")), abs=0.1001)
    assert opened.text("betti").endswith(entered)


def _quiet(browser: Chromium) -> None:
    time.sleep(0.05)
    # What has been logged by now comes before the answer.
    browser.value("document.title")
    assert browser.errors == []
    assert browser.requests == []


def test_sliders_move_region_and_cursor_by_keyboard(opened: Opened) -> None:
    topology = opened.run.arrays.topology
    assert topology is not None
    _agrees(opened, 0)
    assert "the run's" in opened.text("roi")
    before, cursor = opened.pictures(), _cursor(opened)
    assert len(before) == (3 if topology.values.ndim == 4 else 1)
    opened.focus("#viewer-tau")
    opened.browser.press("Home")
    assert opened.slider("tau") == 0
    _agrees(opened, 0)
    assert opened.pictures() != before
    opened.browser.press("ArrowRight", 17)
    assert opened.slider("tau") == 17
    _agrees(opened, 0)
    opened.browser.press("End")
    _agrees(opened, 0)
    opened.browser.press("Home")
    opened.browser.press("Tab")
    assert opened.browser.value("document.activeElement.id") == "viewer-level"
    pictures = opened.pictures()
    opened.browser.press("ArrowLeft", 3)
    _agrees(opened, 0)
    assert _cursor(opened) != cursor
    opened.browser.press("Home")
    _agrees(opened, 0)
    assert opened.pictures() != pictures
    said = opened.browser.value("document.activeElement.getAttribute('aria-valuetext')")
    assert said == opened.text("betti").split(":")[0]
    _quiet(opened.browser)


def _cursor(opened: Opened) -> list[str]:
    found = "Array.from(document.querySelectorAll('.cursor'), c => c.getAttribute('d'))"
    return opened.browser.value(found)


def test_another_example_is_chosen_by_keyboard(opened: Opened) -> None:
    title = "document.getElementById('viewer-example').selectedOptions[0].textContent"
    first = opened.browser.value(title)
    opened.focus("#viewer-example")
    opened.browser.press("ArrowDown", 2)
    opened.browser.wait_for("document.getElementById('viewer').dataset.shown === '2'")
    _agrees(opened, 2)
    chosen = opened.browser.value(title)
    assert chosen != first
    assert chosen.startswith(f"test image {opened.run.arrays.examples.index[2]}:")
    _quiet(opened.browser)


def test_slices_are_linked(browser: Chromium, opened: Opened) -> None:
    shape = opened.run.arrays.examples.fused.shape[1:]
    start = [length // 2 for length in shape]
    assert opened.places() == start
    opened.focus(".slice canvas")
    browser.press("ArrowUp", 2)
    browser.press("ArrowRight")
    moved = [*start[:-2], start[-2] - 2, start[-1] + 1]
    assert opened.places() == moved
    browser.press("ArrowDown", 100)
    assert opened.places() == [*start[:-2], shape[-2] - 1, start[-1] + 1]
    if len(shape) == 3:
        before = opened.pictures()
        browser.press("PageDown", 3)
        assert opened.places()[0] == start[0] - 3
        assert "slice 3 of" in browser.value(
            "document.querySelector('.slice figcaption').textContent"
        )
        assert all(a != b for a, b in zip(before, opened.pictures(), strict=True))
        opened.focus(".slice:nth-child(2) input")
        browser.press("Home")
        assert opened.places()[1] == 0
    _quiet(browser)


def test_clicks_move_cross_and_cursor(browser: Chromium, opened: Opened) -> None:
    shape = opened.run.arrays.examples.fused.shape[1:]
    rows, columns = shape[-2:]
    browser.click(".slice canvas", (columns - 1.5) / columns, 2.5 / rows)
    assert opened.places()[-2:] == [2, columns - 2]
    browser.click(".curves svg", 0.95, 0.5)
    last = browser.value("document.getElementById('viewer-level').max")
    assert opened.slider("level") == int(last)
    _agrees(opened, 0)
    browser.click(".curves svg", 0.2, 0.5)
    assert 0 < opened.slider("level") < int(last) // 2
    _agrees(opened, 0)
    _quiet(browser)


def test_bars_lead_to_their_voxels(browser: Chromium, opened: Opened) -> None:
    bars, shape = opened.run.arrays.bars, opened.run.arrays.examples.fused.shape[1:]
    assert bars is not None
    topology = opened.run.arrays.topology
    assert topology is not None
    own = np.flatnonzero(topology.taus[0] == topology.own_tau[0])[0]
    thresholds = topology.thresholds[0, own]
    browser.value("document.querySelector('#viewer details').open = true")
    for name, end in (("birth", 0), ("death", 1)):
        opened.focus("#viewer-tau")
        browser.press("Home")
        label = f"go to the {name} of β1, number 1"
        opened.focus(f"button[aria-label='{label}']")
        browser.press("Enter")
        voxel = bars.voxels[(bars.example == 0) & (bars.dim == 1)][0, end]
        assert opened.places() == [int(place) for place in np.unravel_index(voxel, shape)]
        assert "the run's" in opened.text("roi")
        _agrees(opened, 0)
        value = bars.ends[(bars.example == 0) & (bars.dim == 1)][0, end]
        below = int((thresholds < value).sum())
        assert opened.slider("level") == (below if name == "birth" else below - 1)
    _quiet(browser)


def test_everything_is_reached_by_tab(browser: Chromium, opened: Opened) -> None:
    wanted = {"viewer-example", "viewer-tau", "viewer-level"}
    n_slices = len(opened.pictures())
    browser.value("document.querySelector('nav a:last-child').focus()")
    seen: set[str] = set()
    canvases = 0
    for _ in range(60):
        browser.press("Tab")
        seen.add(browser.value("document.activeElement.id"))
        canvases += browser.value("document.activeElement.tagName === 'CANVAS'")
        # Whoever moves by keys sees where the focus is.
        assert browser.value("getComputedStyle(document.activeElement).outlineStyle") != "none"
        if wanted <= seen:
            break
    assert wanted <= seen
    assert canvases == n_slices


def test_without_scripts_the_figures_stay(browser: Chromium, discs_run: Path) -> None:
    browser.open(discs_run / "report.html", scripts=False)
    assert browser.value("document.getElementById('viewer').offsetHeight") == 0
    assert "With JavaScript" in browser.value("document.body.innerText")
    shown = "Array.from(document.querySelectorAll('.examples img'), i => i.naturalWidth)"
    widths = browser.value(shown)
    n = len(load_run(discs_run).arrays.examples.labels)
    assert len(widths) >= n
    assert min(widths) > 100
    _quiet(browser)


def test_a_broken_page_is_noticed(browser: Chromium, copied: Any, discs_run: Path) -> None:
    page = copied(discs_run) / "report.html"
    text = page.read_text(encoding="utf-8")
    # Other bytes than those that the page's policy names are not run.
    page.write_text(text.replace('"use strict";', '"use strict"; ', 1), encoding="utf-8")
    browser.open(page)
    browser.wait_for("document.readyState === 'complete'")
    assert any("Content Security Policy" in error for error in browser.errors)
    assert browser.value("document.getElementById('viewer').hidden")
    without_policy = re.sub(r"<meta http-equiv=[^>]*>", "", text)
    foreign = (
        '<img src="http://127.0.0.1:9/x.png" alt=""><script>throw new Error("broken")</script>'
    )
    page.write_text(without_policy.replace("</main>", foreign + "</main>"), encoding="utf-8")
    browser.open(page)
    browser.wait_for("!document.getElementById('viewer').hidden")
    assert any("broken" in error for error in browser.errors)
    assert browser.requests == ["http://127.0.0.1:9/x.png"]
    # The policy keeps the page from asking even so.
    page.write_text(text.replace("</main>", f"{foreign}</main>"), encoding="utf-8")
    browser.open(page)
    browser.wait_for("!document.getElementById('viewer').hidden")
    assert any("Content Security Policy" in error for error in browser.errors)
