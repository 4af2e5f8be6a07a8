"""The numbers of `ALGORITHM.md` are what the code gives."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

import topojax.kernels
from topojax.kernels import betti_curves, euler_curve, persistence_pairs
from topojax.kernels.exact_filtration import exact_volume
from topojax.kernels.simple.neighbour_lanes import NONE
from topojax.kernels.simple.neighbourhood import FACES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "kernels" / "ALGORITHM.md").read_text(encoding="utf-8")
NAMES = {"NW": (-1, -1), "N": (-1, 0), "NE": (-1, 1), "W": (0, -1), ".": (0, 0)}
NAMES |= {"E": (0, 1), "SW": (1, -1), "S": (1, 0), "SE": (1, 1)}
# Numbers of neighbours: the middle plane of 27.
NUMBERS = {name: 13 + 3 * dy + dx for name, (dy, dx) in NAMES.items()} | {".": NONE}


def table(name: str) -> list[list[str]]:
    """Return the cells of the table below a comment."""
    lines = PAGE.split(f"<!-- {name} -->\n")[1].split("\n\n")[0].splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [row for row in cells if not set("".join(row)) <= {"-"}]


@pytest.fixture(scope="module")
def image() -> np.ndarray:
    return np.array(table("image"), np.float32)


def test_levels(image):
    thresholds = [int(cell) for cell in table("curves")[0][1:]]
    levels = np.array(table("levels"), int)
    np.testing.assert_array_equal(levels, np.searchsorted(thresholds, image))


def test_critical_pixels_first_neighbours_and_positions(image):
    # Where nothing shares a level that has another value, the values' order is the levels'.
    critical = np.array(table("critical"), int) > 0
    drawn = PAGE.split("A dot is a root")[1].split("```")[1].strip("\n").splitlines()
    values = image[np.newaxis]
    nowhere = np.empty((0, 0, 0), bool)
    with exact_volume(values, nowhere, False, True) as volume:
        layout = volume.layout
        y, x = np.indices(image.shape)
        positions = layout.first + y * layout.row + x
        np.testing.assert_array_equal(np.isin(positions, volume.critical.voxels), critical)
        codes, full, face = (
            array[positions] for array in (volume.work.codes, volume.work.full, volume.work.face)
        )
    lines = [line.split() for line in drawn]
    of_eight = [[NUMBERS[name] for name in line[:5]] for line in lines]
    np.testing.assert_array_equal(codes, of_eight)
    lowest = np.bitwise_count((face & -face) - np.uint8(1)) % 8
    of_four = [[NUMBERS[name] for name in line[5:]] for line in lines]
    np.testing.assert_array_equal(np.where(face, np.array(FACES)[lowest], NONE), of_four)
    met = [[list(map(int, cell.split())) for cell in row] for row in table("components")]
    np.testing.assert_array_equal(np.bitwise_count(np.stack([full, face], axis=-1)), met)
    layout_drawn = PAGE.split("a row is 6:")[1].split("```")[1]
    rows = re.findall(r"\[ *([\d ]+)\]", layout_drawn)
    np.testing.assert_array_equal([list(map(int, row.split())) for row in rows], positions)


def test_curves(image):
    thresholds, *rows = ([int(cell) for cell in row[1:]] for row in table("curves"))
    np.testing.assert_array_equal(betti_curves(image, thresholds), rows[:2])
    np.testing.assert_array_equal(euler_curve(image, thresholds), rows[2])


def test_bars(image):
    pairs, birth, death = persistence_pairs(image, 0)
    # (0, 0) stays; (1, 4) ends at (3, 3), (4, 0) at (3, 2).
    assert (birth.tolist(), death.tolist()) == ([0, 9, 20], [-1, 18, 17])
    pairs, birth, death = persistence_pairs(image, 1)
    assert (pairs.tolist(), birth.tolist(), death.tolist()) == ([[1.0, 6.0]], [11], [6])


def test_measured_costs_are_those_of_the_records():
    results = ROOT / "benchmarks" / "results"
    record = json.loads((results / "instructions.json").read_text(encoding="utf-8"))
    for count in record["instructions_per_voxel"].values():
        assert f"{count} machine instructions a voxel" in PAGE
    persistence = (results / "persistence.md").read_text(encoding="utf-8")
    for kind in ("smooth", "noise"):
        # The T-construction comes first.
        (measured, *_) = re.findall(rf"\| {kind} 64³, float32 \| (\S+) \|", persistence)
        assert re.search(rf"{kind} 64³: {re.escape(measured)}\b", PAGE)


def test_files_that_it_names_are_there():
    folder = Path(topojax.kernels.__file__).parent
    named = set(re.findall(r"`((?:[a-z_]+/)?[a-z_]+\.py)`", PAGE))
    assert len(named) > 10
    for name in named:
        assert list(folder.rglob(name)), name
