"""METHOD.md says what the code does, where that can be read off."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from topojax.config import PRESETS, make_config

TEXT = files("topojax").joinpath("METHOD.md").read_text(encoding="utf-8")
ROOT = Path(__file__).parents[1]


def _leaves(values: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{prefix}{key}.")
        else:
            yield prefix + key


def _said(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    return f"`{value}`" if isinstance(value, str) else f"{value:g}"


def _value(preset: str, key: str) -> Any:
    value: Any = make_config(preset)
    for part in key.split("."):
        value = getattr(value, part)
    return value


def test_the_table_of_presets_is_that_of_the_configuration() -> None:
    section = TEXT.split("\n## Presets\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `([a-z_.]+)` \| (.+) \| (.+) \| (.+) \|$", section, re.MULTILINE)
    keys = {key for values in PRESETS.values() for key in _leaves(values)} - {"preset"}
    assert {row[0] for row in rows} == keys
    for key, *cells in rows:
        expected = [_said(_value(preset, key)) for preset in PRESETS]
        assert [cell.replace("searched", "none") for cell in cells] == expected, key


def test_sections_that_docstrings_cite_exist() -> None:
    headings = set(re.findall(r"^## (.+)$", TEXT, re.MULTILINE))
    cited = {
        (name, str(module.relative_to(ROOT)))
        for top in ("topojax", "kernels")
        for module in (ROOT / top).rglob("*.py")
        for name in re.findall(r'METHOD\.md,\s+"([^"]+)"', module.read_text(encoding="utf-8"))
    }
    assert cited
    assert not {(name, module) for name, module in cited if name not in headings}
