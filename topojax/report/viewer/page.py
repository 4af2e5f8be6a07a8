"""What the page needs for the viewer: script, its checksum, the examples' arrays and names."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from typing import Any

from topojax.report.viewer.payload import example_payload
from topojax.runs import Run

# A page is to open at once, also from a mail.
_MOST_BYTES = 4_000_000


@dataclass(frozen=True)
class Viewer:
    """The interactive part.

    Attributes:
        script: JavaScript, as it stands in the page.
        digest: of the script, as a Content-Security-Policy names it.
        payload: JSON, one object an example.
        titles: of these examples; none where the first one is too large already.
        n_examples: of the run; more than there are titles where the page would grow too large.
        filtration: what the values are.
        is_own_grid: each ROI has its own thresholds.
        is_giotto: those of the run are giotto-tda's, which differ by dimension.
        n_thresholds: of an ROI, and of the run, which may have more.
        is_zero_outside: the complex is the whole grid, with 0 outside the ROI.
        has_mean_maps: of several networks; the ROIs are those of the means.
        spatial_dims: 2 or 3.
        limit: of all arrays, as the page says it.
    """

    script: str
    digest: str
    payload: str
    titles: tuple[str, ...]
    n_examples: int
    filtration: str
    is_own_grid: bool
    is_giotto: bool
    n_thresholds: tuple[int, int]
    is_zero_outside: bool
    has_mean_maps: bool
    spatial_dims: int
    limit: str


def viewer_of(run: Run, *, most_bytes: int = _MOST_BYTES) -> Viewer | None:
    """Return the viewer of a run's examples, or None in folders of older versions.

    Args:
        run: a finished run.
        most_bytes: of all arrays in the page.
    """
    if run.arrays.topology is None:
        return None
    chosen = dict(sorted(_fitting(run, most_bytes)))
    script = _script()
    filtration, curves = next(iter(run.arrays.curves.items()))
    topology = run.config.get("topology", {})
    return Viewer(
        script=script,
        digest=f"sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}",
        payload=f"[{','.join(chosen.values())}]",
        titles=tuple(_title(run, row) for row in chosen),
        n_examples=len(run.arrays.examples.labels),
        filtration=filtration,
        is_own_grid=curves.thresholds is None,
        is_giotto=topology.get("grid") == "giotto",
        n_thresholds=(run.arrays.topology.thresholds.shape[2], curves.rois.shape[2]),
        is_zero_outside=topology.get("background") == "zero",
        has_mean_maps=run.has_mean_maps,
        spatial_dims=run.environment.data.spatial_dims,
        limit=f"{most_bytes / 1e6:g} MB",
    )


def _script() -> str:
    """Return the files of `script/` as one, in the order of their names."""
    folder = resources.files("topojax.report.viewer").joinpath("script")
    files = sorted(folder.iterdir(), key=lambda file: file.name)
    return "\n".join(file.read_text("utf-8") for file in files if file.name.endswith(".js"))


def _fitting(run: Run, most_bytes: int) -> Iterator[tuple[int, str]]:
    """Yield rows and JSON of examples, one of each class in turn, until the page is full."""
    arrays, room = run.arrays, most_bytes
    assert arrays.topology is not None
    for row in _in_turn(arrays.examples.labels.tolist()):
        values = example_payload(arrays.examples, arrays.topology, arrays.bars, row)
        text = _json(values)
        room -= len(text)
        if room < 0:
            return
        yield row, text


def _in_turn(labels: list[int]) -> list[int]:
    """Return rows: the first of each class, then the second of each, and so on."""
    seen: dict[int, int] = {}
    turns = []
    for row, label in enumerate(labels):
        seen[label] = seen.get(label, -1) + 1
        turns.append((seen[label], label, row))
    return [row for _, _, row in sorted(turns)]


def _json(values: Any) -> str:
    # No character that could end the element it stands in: names are not among the values.
    return json.dumps(values, separators=(",", ":"), allow_nan=False)


def _title(run: Run, row: int) -> str:
    examples, classes, names = run.arrays.examples, run.class_names, run.arrays.names
    true, predicted = classes[int(examples.labels[row])], classes[int(examples.predicted[row])]
    said = "correct" if true == predicted else f"predicted {predicted}"
    index = int(examples.index[row])
    name = "" if names is None else f" ({names[index]})"
    return f"test image {index}{name}: {true}, {said}"
