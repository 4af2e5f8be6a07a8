"""`topojax compare`: a page and a table, and what is refused."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from topojax.runs import Environment, load_run


def test_page_and_table(
    topojax: Callable, discs_run: Path, copied: Callable[[Path], Path], tmp_path: Path
) -> None:
    other = copied(discs_run)
    config = json.loads((other / "config.json").read_text())
    config["classifier"]["epochs"] = 77
    (other / "config.json").write_text(json.dumps(config))
    page = tmp_path / "page.html"
    done = topojax("compare", discs_run, other, "-o", page, "--resamples", 100)
    assert done.code == 0, done.err
    run = load_run(discs_run)
    auc = str(run.metrics.topocam["test"].metrics["auc"])
    lines = done.out.splitlines()
    assert lines[1].split() == ["1:", discs_run.name, *auc.split(), *lines[1].split()[-3:]]
    assert lines[2].endswith("+0.000 [+0.000, +0.000]   1.000")
    assert lines[-1] == str(page)
    assert "Holm" not in done.out
    text = page.read_text("utf-8")
    assert "classifier.epochs" in text
    assert "backbone.epochs" not in text
    again = topojax("compare", discs_run, other, "-o", page)
    assert again.code == 6
    assert "exists and is not overwritten" in again.err
    assert page.read_text("utf-8") == text
    replaced = topojax("compare", discs_run, other, discs_run, "-o", page, "--overwrite")
    assert replaced.code == 0
    assert "p by Holm's method over 2 runs" in replaced.out
    assert page.read_text("utf-8") != text


def test_other_test_images_are_refused(
    topojax: Callable,
    discs_run: Path,
    solids_run: Path,
    copied: Callable[[Path], Path],
    tmp_path: Path,
) -> None:
    page = tmp_path / "page.html"
    done = topojax("compare", discs_run, solids_run, "-o", page)
    assert done.code == 6
    assert f"{discs_run} and {solids_run} have other classes" in done.err
    other = copied(discs_run)
    environment = Environment.read(other)
    data = environment.data.model_copy(update={"fingerprint": "0" * 64})
    environment.model_copy(update={"data": data}).write(other)
    done = topojax("compare", discs_run, other, "-o", page)
    assert done.code == 6
    assert f"{discs_run} and {other} were run on other data" in done.err
    assert not page.exists()
    vouched = topojax("compare", discs_run, other, "-o", page, "--same-images")
    assert vouched.code == 0
    assert "vouched for" in page.read_text("utf-8")


def test_one_run_is_a_usage_error(topojax: Callable, discs_run: Path, tmp_path: Path) -> None:
    done = topojax("compare", discs_run, "-o", tmp_path / "page.html")
    assert done.code == 2
    assert "two runs or more" in done.err
    assert topojax("compare", discs_run, tmp_path / "none").code == 6


def test_it_loads_no_jax(discs_run: Path, tmp_path: Path) -> None:
    given = ["compare", str(discs_run), str(discs_run), "-o", str(tmp_path / "page.html")]
    code = (
        "import sys, topojax.cli; "
        f"topojax.cli.main({given!r}); "
        "print(sorted({'jax', 'sklearn'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
