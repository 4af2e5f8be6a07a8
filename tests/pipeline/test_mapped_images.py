"""Images that are maps of files: what is held of them does not grow with them, and no bit changes.

numpy tells `tracemalloc` what it allocates. Pages of a map are not among it: the system takes them
back as it needs to.
"""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from topojax import TopoCAM
from topojax.cam import CamStack
from topojax.config import TopologyConfig, make_config
from topojax.data import SPLITS, Dataset, Split, fewer_training_images
from topojax.defects import fit_method, read_split
from topojax.pipeline import plan_fit
from topojax.pipeline.announce import no_log
from topojax.pipeline.plan import memory_need
from topojax.row_files.row_blocks import is_mapped
from topojax.row_files.row_budget import RowBudget
from topojax.search import RoiRule
from topojax.topology import (
    FilteredImages,
    candidate_matrix,
    fixed_grid,
    grey_images,
    learn_filtered_images,
    quantile_grid,
)
from topojax.training import Normalisation

N, SIDE = 640, 256


def mapped(path: Path, shape: tuple[int, ...], dtype: Any = np.float32) -> np.ndarray:
    """Return a map of a file that is empty but for its first image."""
    array = np.lib.format.open_memmap(path, "w+", dtype, shape)
    array[0] = np.arange(array[0].size).reshape(array[0].shape) % 7
    array.flush()
    return np.load(path, mmap_mode="r")


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> np.ndarray:
    """168 MB."""
    return mapped(tmp_path_factory.mktemp("mapped") / "images.npy", (N, SIDE, SIDE))


@pytest.fixture(scope="module")
def maps(tmp_path_factory: pytest.TempPathFactory) -> np.ndarray:
    return mapped(tmp_path_factory.mktemp("mapped") / "maps.npy", (N, 1, SIDE, SIDE), np.uint8)


def most_held(function: Callable[[], Any]) -> int:
    """Return the bytes that are allocated at once while a function runs, at most."""
    tracemalloc.start()
    try:
        function()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_copy_would_be_seen(images: np.ndarray) -> None:
    assert most_held(lambda: images + 1) >= images.nbytes


def test_statistics_and_grids_hold_a_run_of_images(images: np.ndarray) -> None:
    stages: dict[str, Callable[[], Any]] = {
        "normalisation": lambda: Normalisation.fit(images, 2),
        "fixed": lambda: fixed_grid(images, 5),
        "quantile": lambda: quantile_grid(images, 5),
    }
    held = {name: most_held(stage) for name, stage in stages.items()}
    assert max(held.values()) < images.nbytes / 2, held


def test_filters_hold_a_run_of_images(images: np.ndarray, tmp_path: Path) -> None:
    few, config = images[: N // 2], TopologyConfig(filtrations=("intensity", "-height:0,1"))
    kept: list[FilteredImages] = []
    budget = RowBudget(0, tmp_path)
    held = most_held(lambda: kept.append(learn_filtered_images(few, config, budget=budget)))
    assert held < few.nbytes / 1.5, held
    assert all(is_mapped(levels) for levels in kept[0].values.values())
    assert list(tmp_path.iterdir()) == []  # they have no names
    whole = learn_filtered_images(np.array(few[:8]), config)
    assert not any(is_mapped(levels) for levels in whole.values.values())
    for name, levels in whole.values.items():
        np.testing.assert_array_equal(kept[0].values[name][:8], levels)


def test_regions_and_curves_hold_a_run_of_images(
    images: np.ndarray, maps: np.ndarray, fitted: TopoCAM
) -> None:
    config = make_config(overrides={"topology.n_thresholds": 4})
    seen = FilteredImages({"intensity": images}, {"intensity": np.arange(4.0)})
    weights, taus = np.ones((1, 1), np.float32), np.array([0.5])
    cams = CamStack(maps, np.zeros((N, 2)), np.zeros((N, 3)), ("layer4",))
    method = replace(fitted.fitted_, config=config, rule=RoiRule(weights[0], 0.5))
    stages: dict[str, Callable[[], Any]] = {
        "candidates": lambda: candidate_matrix(seen, maps, weights, taus, config.topology),
        "regions": lambda: method.observe(seen, (cams,)),
    }
    held = {name: most_held(stage) for name, stage in stages.items()}
    assert max(held.values()) < images.nbytes / 4, held


def test_colours_become_grey_run_by_run(rng: np.random.Generator) -> None:
    colours = rng.random((5, 6, 7, 3)).astype(np.float32)
    grey = grey_images(colours, 2, budget=RowBudget(0))
    assert is_mapped(grey)
    np.testing.assert_array_equal(grey, grey_images(colours, 2))


def test_no_bit_depends_on_where_images_lie(
    fitted: TopoCAM, discs: Dataset, tiny: dict[str, Any], tmp_path: Path
) -> None:
    data = mapped_dataset(discs, tmp_path)
    assert data.fingerprint() == discs.fingerprint()
    config = make_config(overrides={**tiny, "cam.memory_mb": 0})
    plan = plan_fit(config, data.train, discs.class_names, 2).kept_in(tmp_path / "fit", no_log)
    found = read_split(fit_method(plan, data.train, data.val).fitted, data.test)
    expected = fitted.fitted_.read(discs.test.images)
    for name, probabilities in expected.by_method.items():
        np.testing.assert_array_equal(found.by_method[name], probabilities)
    np.testing.assert_array_equal(found.matrix(), expected.matrix())


def test_fewer_of_mapped_images_are_mapped(discs: Dataset, tmp_path: Path) -> None:
    fewer, expected = (
        fewer_training_images(data, 9, np.random.default_rng(0)).train
        for data in (mapped_dataset(discs, tmp_path), discs)
    )
    assert is_mapped(fewer.images)
    assert not is_mapped(expected.images)
    np.testing.assert_array_equal(fewer.images, expected.images)


def test_mapped_images_take_no_memory_by_the_estimate(images: np.ndarray) -> None:
    bank = {"cam.layers": ["layer4"], "topology.filtrations": ["log:1", "-log:1"]}
    few, need = images[:9], {}
    for memory_mb in (0, 100):
        config = make_config(overrides={**bank, "cam.memory_mb": memory_mb})
        for array in (few, np.array(few)):
            need[memory_mb, is_mapped(array)] = memory_need(config, array, 2, 2, 50).images
    filtered = 2 * few.size
    assert need == {
        (0, True): 0,
        (0, False): few.nbytes,
        (100, True): filtered,
        (100, False): few.nbytes + filtered,
    }


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="/proc tells what a process has of its own")
def test_a_fit_on_four_times_the_images_holds_no_more_of_them(tmp_path: Path) -> None:
    """In pages of the process's own, which a few tens of megabytes come to more or less each time.

    Training and test images grow by 403 MB, and the fit by 87 when this was written.
    """
    n, shape = 256, (256, 256)
    script = Path(__file__).with_name("fit_mapped_images.py")
    command = [sys.executable, str(script), str(tmp_path), str(n), *map(str, shape)]
    peaks = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    once, four_times = map(int, peaks)
    more_images = 2 * 3 * n * shape[0] * shape[1] * np.dtype(np.float32).itemsize
    assert four_times - once < more_images / 3


def mapped_dataset(data: Dataset, folder: Path) -> Dataset:
    """Return a data set whose images are maps of files."""
    splits = {}
    for name in SPLITS:
        np.save(folder / f"{name}.npy", data.split(name).images)
        images = np.load(folder / f"{name}.npy", mmap_mode="r")
        splits[name] = Split(images, data.split(name).labels)
    return replace(data, **splits)
