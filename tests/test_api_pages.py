"""The API's pages are made without a warning, and show what they should."""

from __future__ import annotations

import html
import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of pages; pdoc warns of a name or an annotation that means nothing."""
    folder = tmp_path_factory.mktemp("site")
    made = subprocess.run(
        [
            sys.executable,
            "-W",
            "error::UserWarning",
            ROOT / "notebooks" / "api_pages.py",
            "-o",
            folder,
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    return folder


def _text(page: Path) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", page.read_text(encoding="utf-8")))


def test_every_package_that_the_start_page_names_has_a_page(site: Path) -> None:
    named = re.findall(r"topojax(?:\.\w+)+", _text(site / "topojax.html").split("Every term")[0])
    made = [page.relative_to(site).with_suffix("") for page in site.rglob("*.html")]
    pages = {".".join(page.parts) for page in made}
    assert len(named) > 10
    assert set(named) - pages == {"topojax.TopoCAM"}


def test_the_start_page_names_every_package_that_is_not_a_part_of_the_command_line() -> None:
    import topojax

    named = set(re.findall(r"`topojax\.(\w+)", topojax.__doc__ or "")) - {"TopoCAM", "errors"}
    packages = {file.parent.name for file in (ROOT / "topojax").glob("*/__init__.py")}
    assert named - {"kernels"} == packages - {"cli", "row_files"}


@pytest.mark.parametrize("name", ["topojax.kernels", "topojax.topology", "topojax.topology.device"])
def test_every_public_name_is_there_with_its_example(site: Path, name: str) -> None:
    package = importlib.import_module(name)
    text = _text(site / Path(*name.split(".")).with_suffix(".html"))
    assert "ForwardRef(" not in text
    assert package.__all__
    for public in package.__all__:
        lines = getattr(package, public).__doc__.splitlines()
        first = next(line.strip() for line in lines if ">>>" in line)
        assert first in text, public
