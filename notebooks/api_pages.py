"""The API's pages by pdoc: `pip install -e '.[docs]' && python notebooks/api_pages.py -o site`.

The packages that have a page are those that the docstring of `topojax` names, which is the start
page. What a page shows is what a package's `__all__` lists.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib
import re
import typing
from pathlib import Path
from types import ModuleType

import pdoc
import pdoc.render

import topojax

SOURCE = "https://github.com/topojax/topojax/blob/main"


def public_packages() -> list[str]:
    """Return `topojax` and the packages named in its docstring, in this order."""
    named = re.findall(r"`(topojax(?:\.\w+)+)`", topojax.__doc__ or "")
    return list(dict.fromkeys(["topojax", *(name for name in named if name != "topojax.TopoCAM")]))


def write_pages(folder: Path) -> None:
    """Write `index.html`, one page a package and the search index into `folder`."""
    # pdoc reads a module's dictionary; the estimator is put there when it is first asked for.
    vars(topojax)["TopoCAM"] = topojax.TopoCAM
    names = public_packages()
    for name in names:
        _resolve_fields(importlib.import_module(name))
    pdoc.render.configure(
        docformat="google",
        edit_url_map={"topojax.kernels": f"{SOURCE}/kernels/", "topojax": f"{SOURCE}/topojax/"},
        footer_text=f"topojax {topojax.__version__}",
    )
    pdoc.pdoc(*names, output_directory=folder)


def _resolve_fields(package: ModuleType) -> None:
    """Replace the annotations of constructors that Python generates, which pdoc cannot resolve.

    They are strings without the module in which their names mean something.
    """
    for name in getattr(package, "__all__", ()):
        found = getattr(package, name)
        if dataclasses.is_dataclass(found) and isinstance(found, type):
            found.__init__.__annotations__ = typing.get_type_hints(found)
        elif hasattr(found, "_fields"):
            found.__new__.__annotations__ = typing.get_type_hints(found)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Write the API's pages.")
    parser.add_argument("-o", "--output", type=Path, default=Path("site"), help="folder")
    write_pages(parser.parse_args().output)


if __name__ == "__main__":
    main()
