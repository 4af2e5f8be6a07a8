"""What compiled code on disk is keyed by: all sources, wherever in the package they lie."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import topojax.kernels
from topojax.kernels.compiling import source_digest


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """Return a copy of the package."""
    source = Path(topojax.kernels.__file__).parent
    ignored = shutil.ignore_patterns("__pycache__")
    return Path(shutil.copytree(source, tmp_path / "kernels", ignore=ignored))


def test_a_copy_has_the_digest_of_the_package(package):
    assert source_digest(package) == source_digest()


@pytest.mark.parametrize("name", ["euler.py", "simple/critical.py", "roi/regions.py"])
def test_every_folder_is_digested(package, name):
    before = source_digest(package)
    source = package / name
    source.write_text(source.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert source_digest(package) != before


def test_where_a_file_lies_is_digested(package):
    before = source_digest(package)
    (package / "tree" / "basins.py").rename(package / "simple" / "basins.py")
    assert source_digest(package) != before
