"""Templates of pages, which share a style and the macros of tables and figures."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from typing import Any


def rendered(name: str, values: Mapping[str, Any]) -> str:
    """Return a page as HTML; every value in it is escaped, and one that is missing an error."""
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    environment = Environment(
        loader=FunctionLoader(_source),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name).render(**values)


def _source(name: str) -> str:
    return resources.files("topojax.report").joinpath(name).read_text("utf-8")
