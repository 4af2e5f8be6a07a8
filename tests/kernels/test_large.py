"""Images of many words: deep paths, the densest patterns, wide positions, and chance in bulk."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import topojax.kernels
from oracles.gudhi_bars import gudhi_betti_curves
from topojax.kernels import betti_curves, betti_steps, persistence_pairs
from topojax.kernels.curves import write_betti_curves
from topojax.kernels.padded.workspace import borrowed_blocks


def serpentine(shape: tuple[int, ...]) -> np.ndarray:
    """Return a corridor of every second row, joined at alternating ends, that rises all the way."""
    rows = int(np.prod(shape[:-1]))
    order = np.arange(rows * shape[-1], dtype=np.float64).reshape(rows, shape[-1])
    order[1::2] = order[1::2, ::-1]
    return order.reshape(shape)


@pytest.mark.parametrize("construction", ["T", "V"])
def test_a_thousand_balls(construction):
    cell = np.ones((5, 5, 5))
    cell[1:4, 1:4, 1:4] = 0
    balls = np.tile(cell, (10, 10, 10))
    curves = betti_curves(balls, [0, 1], construction=construction)
    assert curves.tolist() == [[1000, 1], [0, 0], [0, 0]]


@pytest.mark.parametrize("construction", ["T", "V"])
@pytest.mark.parametrize("shape", [(31, 24), (9, 10, 21)])
def test_serpentines_and_checkerboards_equal_gudhi(construction, shape):
    snake = serpentine(shape)
    walls = np.where(np.indices(shape)[-2] % 2, snake.size, snake)
    checkers = np.indices(shape).sum(axis=0) % 2
    for image in (snake, -snake, walls, checkers, 1 - checkers):
        thresholds = np.linspace(image.min(), image.max(), 40)
        want = gudhi_betti_curves(image, thresholds, construction=construction)
        assert (want > 0).sum() >= 20
        np.testing.assert_array_equal(
            betti_curves(image, thresholds, construction=construction), want
        )
        values, betti = betti_steps(image, construction=construction)
        at = np.searchsorted(values, thresholds, side="right")
        np.testing.assert_array_equal(np.pad(betti, ((0, 0), (1, 0)))[:, at], want)


def test_a_path_of_a_million_voxels():
    snake = serpentine((1000, 1000))
    pairs, birth, death = persistence_pairs(snake, 0, construction="V")
    assert pairs.tolist() == [[0.0, np.inf]]
    assert (birth.tolist(), death.tolist()) == ([0], [-1])
    assert betti_curves(-snake, [-1e6, 0.0], construction="T")[0].tolist() == [0, 1]


@pytest.mark.slow
def test_wide_positions_give_the_same(rng):
    images = rng.standard_normal((2, 14, 13, 12)).astype(np.float32)
    images.flags.writeable = False
    grid = np.linspace(-2, 2, 30)
    masks = np.empty((1, 0, 0, 0), bool)
    masks.flags.writeable = False
    grids = grid[np.newaxis]
    grids.flags.writeable = False
    curves = np.zeros((2, 3, 30), np.int64)
    with borrowed_blocks(images.shape[1:], 30, True) as blocks:
        wide = blocks._replace(positions=blocks.positions.astype(np.int64))
        write_betti_curves(images, masks, grids, 0, 2, True, wide, curves)
    np.testing.assert_array_equal(curves, [betti_curves(image, grid) for image in images])


DTYPES = (
    *(np.dtype(f"{kind}{bits}") for kind in ("uint", "int") for bits in (8, 16, 32)),
    *(np.dtype(name) for name in ("bool", "float32", "float64")),
)


@pytest.mark.slow
@pytest.mark.parametrize("construction", ["T", "V"])
def test_thousands_of_images_equal_gudhi(construction):
    seen = Counter()

    @settings(deadline=None, max_examples=2000, derandomize=True)
    @given(
        seed=st.integers(0, 2**32 - 1),
        shape=st.one_of(
            st.tuples(st.integers(1, 12), st.integers(1, 12)),
            st.tuples(st.integers(1, 7), st.integers(1, 7), st.integers(1, 7)),
        ),
        dtype=st.sampled_from(DTYPES),
        highest=st.integers(0, 9),
        inside=st.sampled_from([0.2, 0.6, 0.95, 1.0]),
    )
    def compare(seed, shape, dtype, highest, inside):
        rng = np.random.default_rng(seed)
        image = rng.integers(0, highest + 1, shape).astype(dtype)
        mask = rng.random(shape) < inside
        thresholds = np.arange(-0.5, 9.5, 0.5)
        want = gudhi_betti_curves(image, thresholds, mask, construction)
        got = betti_curves(image, thresholds, mask=mask, construction=construction)
        np.testing.assert_array_equal(got, want)
        values, betti = betti_steps(image, mask=mask, construction=construction)
        at = np.searchsorted(values, thresholds, side="right")
        np.testing.assert_array_equal(np.pad(betti, ((0, 0), (1, 0)))[:, at], want)
        seen.update(np.flatnonzero(want.any(axis=1)).tolist())

    compare()
    assert set(seen) == {0, 1, 2}
    assert min(seen.values()) >= 20, seen


def test_compiled_code_follows_every_source(tmp_path: Path):
    """Numba alone would keep what it compiled when only a function that is called has changed."""
    package = tmp_path / "kernels"
    source = Path(topojax.kernels.__file__).parent
    shutil.copytree(source, package, ignore=shutil.ignore_patterns("__pycache__"))
    code = "from kernels.euler import euler_curve; print(euler_curve([[0.0]], [1.0])[0])"

    def run() -> str:
        return subprocess.run(
            [sys.executable, "-c", code],
            cwd=tmp_path,
            env=os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "code")},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()

    assert run() == "1"
    euler = package / "euler.py"
    text = euler.read_text(encoding="utf-8")
    assert "return 1 - min" in text
    euler.write_text(text.replace("return 1 - min", "return 5 - min"), encoding="utf-8")
    assert run() == "5"
