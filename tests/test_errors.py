"""What messages of errors are made of."""

from __future__ import annotations

from topojax.errors import shown


def test_text_of_files_is_shown_in_a_line():
    assert shown("conv1.weight") == "conv1.weight"
    assert "\n" not in shown("a\nb")
    assert "\x1b" not in shown("\x1b[31m")
    assert shown("\ud800").encode()
    assert len(shown("a" * 1000)) < 100
