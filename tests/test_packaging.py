"""What an installation holds."""

from __future__ import annotations

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_every_package_is_installed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    listed = project["tool"]["setuptools"]["packages"]
    folders = {
        ".".join(file.parent.relative_to(ROOT).parts)
        for file in (ROOT / "topojax").rglob("__init__.py")
    }
    kernels = {
        ".".join(("topojax", *f.parent.relative_to(ROOT).parts))
        for f in ROOT.glob("kernels/**/__init__.py")
    }
    assert sorted(listed) == sorted(folders | kernels)


def test_every_folder_of_modules_is_a_package() -> None:
    for top in ("topojax", "kernels"):
        modules = list((ROOT / top).rglob("*.py"))
        assert len(modules) > 10
        for module in modules:
            assert (module.parent / "__init__.py").is_file(), module
