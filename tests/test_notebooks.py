"""Notebooks run from their first cell to their last, and keep their outputs."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

FOLDER = Path(__file__).parents[1] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
SLOW = ("first_steps", "one_vessel", "volumes_and_roi", "your_own_scans")
PNG = b"\x89PNG\r\n\x1a\n"


def _cells(notebook: Path, kind: str) -> list[dict[str, Any]]:
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in cells if cell["cell_type"] == kind]


def _printed(cell: dict[str, Any]) -> str:
    return "".join("".join(output.get("text", "")) for output in cell["outputs"])


def test_there_is_a_notebook() -> None:
    assert NOTEBOOKS


@pytest.mark.parametrize(
    "notebook",
    [
        pytest.param(path, marks=pytest.mark.slow if path.stem in SLOW else (), id=path.stem)
        for path in NOTEBOOKS
    ],
)
def test_a_notebook_runs_and_prints_as_many_lines_as_it_shows(
    notebook: Path, tmp_path: Path
) -> None:
    cells = _cells(notebook, "code")
    # The cells as one program, in a process of their own: what they need of Jupyter is the order.
    program = "\n".join("".join(cell["source"]) for cell in cells)
    run = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={**os.environ, "MPLBACKEND": "agg"},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert run.returncode == 0, run.stderr
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    shown = "".join(map(_printed, cells))
    # Scores depend on the processor, words do not.
    words = [line.split()[0] for line in shown.splitlines()]
    assert [line.split()[0] for line in run.stdout.splitlines()] == words


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_keeps_results_alone(notebook: Path) -> None:
    outputs = [output for cell in _cells(notebook, "code") for output in cell["outputs"]]
    assert outputs
    # Errors, warnings and absolute paths are of the machine that ran it.
    kinds = {output["output_type"] for output in outputs}
    assert kinds <= {"stream", "display_data", "execute_result"}
    assert {output.get("name", "stdout") for output in outputs} == {"stdout"}
    assert not re.search(r"(^|\s)/\w+/", "".join(map(_printed, _cells(notebook, "code"))))


def _equivalents() -> list[tuple[str, str, str]]:
    """Return the rows of the tables of equivalents: what it is, theirs, ours."""
    text = "".join(
        "".join(cell["source"]) + "\n"
        for cell in _cells(FOLDER / "kernels_for_gudhi_users.ipynb", "markdown")
    )
    rows = re.findall(r"^\| (.+) \| (.+) \| (.+) \|$", text, re.MULTILINE)
    return [(what, theirs.strip("`"), ours.strip("`")) for what, theirs, ours in rows]


@pytest.fixture(scope="module")
def arrays() -> dict[str, Any]:
    """Return what the cells of the notebook with the tables define."""
    names: dict[str, Any] = {}
    for cell in _cells(FOLDER / "kernels_for_gudhi_users.ipynb", "code"):
        exec("".join(cell["source"]), names)
    return names


def test_there_are_equivalents_of_all_three_libraries() -> None:
    for function, least in (("gudhi_bars", 10), ("cripser", 4), ("giotto", 3)):
        assert sum(function in theirs for _, theirs, _ in _equivalents()) >= least


@pytest.mark.parametrize(("what", "theirs", "ours"), _equivalents(), ids=lambda text: text[:40])
def test_the_equivalents_are_equal(
    what: str, theirs: str, ours: str, arrays: dict[str, Any]
) -> None:
    left, right = (np.asarray(eval(side, dict(arrays)), float) for side in (theirs, ours))
    assert left.shape == right.shape, what
    assert left.size
    assert np.any(left != 0)
    # Counts and values are the same; an entropy is summed in another order.
    np.testing.assert_allclose(left, right, rtol=1e-12, atol=0, err_msg=what)


def test_the_gallery_names_every_notebook_and_shows_its_picture() -> None:
    page = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\((\w+)\.ipynb\)", page)) == {path.stem for path in NOTEBOOKS}
    pictures = {FOLDER / name for name in re.findall(r"!\[[^\]]+\]\(([^)]+\.png)\)", page)}
    assert pictures == set((FOLDER / "gallery").glob("*.png"))
    assert {path.stem for path in pictures} == {path.stem for path in NOTEBOOKS}
    for path in pictures:
        assert path.read_bytes().startswith(PNG), path
        assert path.stat().st_size < 200_000, path
