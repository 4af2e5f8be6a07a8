"""Figures need no backend, no settings of the user's, and no name that is UTF-8."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

_DRAWN = """
import os
from topojax.report.figures.rendering import default_style, new_figure, plain
from topojax.report.figures.rendering import png_figure, svg_figure

def page():
    figure = new_figure(2, 2)
    figure.subplots().plot([1, 2], label="a")
    figure.suptitle(plain("caf\\udce9 $"))
    return figure

with default_style():
    for render in (png_figure, svg_figure):
        uri = render(page(), "", "").uri
        assert len(uri) > 1000
        print(uri)
print(os.environ.get("MPLBACKEND"))
import matplotlib
print(matplotlib.rcParams._get("backend") if hasattr(matplotlib.rcParams, "_get") else "")
"""


def _drawn(folder: Path, settings: str = "", **environment: str) -> list[str]:
    folder.mkdir()
    (folder / "matplotlibrc").write_text(settings)
    known = {key: value for key, value in os.environ.items() if not key.startswith("MPL")}
    done = subprocess.run(
        [sys.executable, "-c", _DRAWN],
        env={**known, "MPLCONFIGDIR": str(folder), **environment},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("backend", ["module://of_nobody.backend", "nonsense", "svg"])
def test_figures_do_not_depend_on_the_backend(tmp_path: Path, backend: str) -> None:
    *usual, _, _ = _drawn(tmp_path / "usual")
    *pictures, variable, chosen = _drawn(tmp_path / "other", MPLBACKEND=backend)
    assert pictures == usual
    assert variable == backend
    if backend == "svg":
        assert chosen in ("svg", "")


def test_figures_do_not_depend_on_the_users_settings(tmp_path: Path) -> None:
    *usual, _, _ = _drawn(tmp_path / "usual")
    settings = "text.usetex: True\nfont.size: 30\nsavefig.bbox: tight\n"
    *pictures, _, _ = _drawn(tmp_path / "other", settings)
    assert pictures == usual
