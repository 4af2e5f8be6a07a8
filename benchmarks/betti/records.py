"""Records of benchmarks: a JSON file with every number, and a page beside it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def write_record(folder: Path, name: str, record: dict[str, Any], page: str) -> None:
    """Write `NAME.json` and `NAME.md` into a folder, which is made, and print the page."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(record, indent=2, ensure_ascii=False)
    (folder / f"{name}.json").write_text(text + "\n", encoding="utf-8")
    (folder / f"{name}.md").write_text(page, encoding="utf-8")
    print("\n" + page)
