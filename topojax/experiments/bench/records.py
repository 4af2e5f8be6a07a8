"""Records of benchmarks: a JSON file with every number, and a page beside it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from topojax.files import make_folder, write_atomically


def write_record(folder: Path, name: str, record: dict[str, Any], page: str) -> None:
    """Write `NAME.json` and `NAME.md` into a folder, which is made, and print the page.

    Raises:
        RunError: the folder or a file cannot be written.
    """
    make_folder(folder, "give another folder with --output")
    text = json.dumps(record, indent=2, ensure_ascii=False)
    write_atomically(folder / f"{name}.json", f"{text}\n".encode())
    write_atomically(folder / f"{name}.md", page.encode())
    click.echo(f"\n{page}")
