"""Notebooks run from their first cell to their last, and keep their outputs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
SLOW = ("one_vessel",)


def _code_cells(notebook: Path) -> list[dict[str, Any]]:
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code"]


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
def test_a_notebook_runs_and_prints_as_many_lines_as_it_shows(notebook: Path) -> None:
    cells = _code_cells(notebook)
    # The cells as one program, in a process of their own: what they need of Jupyter is the order.
    program = "\n".join("".join(cell["source"]) for cell in cells)
    run = subprocess.run(
        [sys.executable, "-c", program],
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
