"""Tables for notebooks."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from topojax.html_tables import html_table


def test_every_text_is_escaped() -> None:
    nasty = "<script>alert('a & b')</script>"
    table = html_table(nasty, (nasty, "b"), [(nasty, nasty), ("x", "1")])
    assert "<script" not in table
    root = ET.fromstring(table)
    assert root.findtext("caption") == nasty
    assert [cell.text for cell in root.iter("th")] == [nasty, "b", nasty, "x"]
    assert [cell.text for cell in root.iter("td")] == [nasty, "1"]
