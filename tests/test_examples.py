"""The examples in docstrings do what they say, and every public name of the topology has one."""

from __future__ import annotations

import ast
import doctest
import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import topojax
from topojax import kernels, topology
from topojax.topology import device

ROOT = Path(__file__).parents[1]
OPTIONS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


def _modules() -> Iterator[str]:
    # An editable install keeps the kernels beside the package, where its path does not lead.
    for package in (topojax, kernels):
        yield package.__name__
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            # Sinks, and what is timed beside topojax, are of libraries that need not be there.
            if not (".bench." in found.name or found.name.endswith(("__main__", "_sink"))):
                yield found.name


def _examples() -> dict[str, doctest.DocTest]:
    finder = doctest.DocTestFinder()
    return {
        found.name: found
        for name in _modules()
        for found in finder.find(importlib.import_module(name))
        if found.examples
    }


def _public_names() -> dict[str, Any]:
    names = {f"kernels.{name}": getattr(kernels, name) for name in kernels.__all__}
    names |= {f"topology.{name}": getattr(topology, name) for name in topology.__all__}
    names |= {f"device.{name}": getattr(device, name) for name in device.__all__}
    return names | {"TopoCAM": topojax.TopoCAM}


EXAMPLES = _examples()
PUBLIC = _public_names()


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_gives_what_it_says(name: str) -> None:
    said: list[str] = []
    runner = doctest.DocTestRunner(optionflags=OPTIONS, verbose=False)
    outcome = runner.run(EXAMPLES[name], out=said.append)
    assert outcome.attempted > 0
    assert outcome.failed == 0, "".join(said)


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_name_has_an_example(name: str) -> None:
    text = PUBLIC[name].__doc__ or ""
    assert doctest.DocTestParser().get_examples(text), f"{name} shows no example in its docstring"


def _documented(node: ast.Module | ast.ClassDef | ast.FunctionDef, name: str) -> Iterator[str]:
    """Yield the names of the docstrings with an example in a piece of source."""
    if ">>>" in (ast.get_docstring(node) or ""):
        yield name
    for inner in node.body:
        if isinstance(inner, ast.ClassDef | ast.FunctionDef):
            yield from _documented(inner, f"{name}.{inner.name}")


def test_no_example_in_the_sources_escapes() -> None:
    # What is compiled or wrapped is no function to doctest, which would pass it over in silence.
    written = set()
    for top, package in ((ROOT / "topojax", "topojax"), (ROOT / "kernels", "topojax.kernels")):
        for file in top.rglob("*.py"):
            parts = (package, *file.relative_to(top).with_suffix("").parts)
            module = ".".join(parts).removesuffix(".__init__")
            written |= set(_documented(ast.parse(file.read_text(encoding="utf-8")), module))
    assert written
    assert written == set(EXAMPLES)
