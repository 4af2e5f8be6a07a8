"""Features by blocks: the same to the last bit, whoever makes them and wherever that was killed."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from topojax.config import Config, ManifestConfig, make_config
from topojax.data import Dataset, ImageSet
from topojax.data.manifest import rows_of_files
from topojax.defects import load_method
from topojax.errors import ConfigError, DataError, RunError
from topojax.executors import Spreading
from topojax.experiments.features import (
    Features,
    Work,
    file_features,
    progress_folder,
    remove_progress,
    roi_features,
    whole_image_features,
)
from topojax.experiments.features.arrays_in_blocks import rois_in_blocks, whole_images_in_blocks
from topojax.experiments.features.block import Block, read_block, write_block
from topojax.experiments.features.file_blocks import file_task
from topojax.experiments.features.of_files import features_in_blocks
from topojax.experiments.features.work import Blocks, block_bounds

BANK = {"topology.filtrations": ["intensity", "-gaussian:1"], "topology.n_thresholds": 6}


@pytest.fixture
def blocks(tmp_path: Path) -> Iterator[Blocks]:
    """Return blocks that two threads work through; what they are given need not be pickled."""
    with ThreadPoolExecutor(2) as executor:
        yield Blocks(executor, tmp_path / "kept")


@pytest.fixture
def folder(tmp_path: Path, rng: np.random.Generator) -> Path:
    """Return a folder of 40 images of several shapes, which is 20 blocks, and masks of them."""
    (tmp_path / "scans").mkdir()
    lines = ["path,mask"]
    for i in range(40):
        image = rng.random((5 + i % 3, 6)).astype(np.float32)
        np.save(tmp_path / "scans" / f"{i:02}.npy", image)
        np.save(tmp_path / f"mask{i:02}.npy", (image > 0.3).astype(np.uint8))
        lines.append(f"scans/{i:02}.npy,mask{i:02}.npy")
    (tmp_path / "m.csv").write_text("\n".join(lines))
    return tmp_path


def _same(one: Features, other: Features) -> bool:
    assert (one.names, one.images, [*one.grids]) == (other.names, other.images, [*other.grids])
    pairs = [(one.matrix, other.matrix)]
    for name, grid in one.grids.items():
        if grid is not None and other.grids[name] is not None:
            pairs.append((grid, other.grids[name]))
    return all(a.dtype == b.dtype and np.array_equal(a, b) for a, b in pairs)


@pytest.mark.parametrize("region", ["image", "mask"])
@pytest.mark.parametrize("grid", ["fixed", "sample"])
def test_files_by_others_are_those_of_this_process(
    folder: Path, blocks: Blocks, region: Any, grid: str
) -> None:
    config = make_config(overrides=BANK | {"topology.grid": grid})
    rows = rows_of_files(folder / "m.csv", ManifestConfig())
    alone = file_features(rows, config, source="m", region=region)
    task = file_task(rows[0], config, "m", region)
    assert _same(features_in_blocks(rows, task, blocks, "m"), alone)
    assert alone.matrix.shape == (40, 2 * 2 * 6 + 1)
    sizes = [np.load(row.mask if region == "mask" else row.path) for row in rows if row.mask]
    wanted = [size.sum() if region == "mask" else size.size for size in sizes]
    assert alone.matrix[:, -1].tolist() == wanted
    # Kept blocks are read, and of what has changed alone made anew.
    assert blocks.folder is not None
    kept = len([*blocks.folder.iterdir()])
    assert kept == 20 * (1 + (grid == "fixed"))
    assert _same(features_in_blocks(rows, task, replace(blocks, executor=None), "m"), alone)
    assert len([*blocks.folder.iterdir()]) == kept
    image = np.load(rows[7].path)
    np.save(rows[7].path, image.T.copy().T[::-1])
    changed = features_in_blocks(rows, task, blocks, "m")
    where = np.flatnonzero((changed.matrix != alone.matrix).any(axis=1))
    assert where.tolist() in ([], [7])
    new = len([*blocks.folder.iterdir()]) - kept
    assert new == 1 + (grid == "fixed")


def test_what_is_wrong_with_files_is_said_as_by_this_process(
    folder: Path, blocks: Blocks, caplog: pytest.LogCaptureFixture
) -> None:
    config = make_config(overrides=BANK)
    for i in (31, 4, 5):
        (folder / "scans" / f"{i:02}.npy").write_bytes(b"")
    np.save(folder / "scans" / "09.npy", np.zeros((4, 5, 6), np.float32))
    rows = rows_of_files(folder / "m.csv", ManifestConfig())
    task = file_task(rows[0], config, "m")
    said = []
    for make in (
        partial(file_features, rows, config, source="m"),
        partial(features_in_blocks, rows, task, blocks, "m"),
    ):
        caplog.clear()
        with pytest.raises(DataError, match=r"row 6: .*04\.npy.* \(and 3 more rows\)") as raised:
            make()
        errors = [r.message for r in caplog.records if r.levelname == "ERROR"]
        said.append((str(raised.value), errors))
    assert said[0] == said[1]
    assert [error.split(":")[0] for error in said[0][1]] == ["m, row 7", "m, row 11", "m, row 33"]


@pytest.mark.parametrize("grid", ["fixed", "sample"])
def test_arrays_by_others_are_those_of_this_process(
    discs: Dataset, blocks: Blocks, grid: str
) -> None:
    config = make_config(overrides=BANK | {"topology.grid": grid}).topology
    colours = np.stack([discs.val.images, discs.val.images**2, discs.val.images], axis=-1)
    for images in (discs.val.images, colours):
        alone = whole_image_features(ImageSet(images, None, 2, "discs"), config)
        found = whole_images_in_blocks(images, 2, config, blocks)
        assert _same(found, alone)
    constant = np.zeros((3, 4, 4), np.float32)
    if grid == "fixed":
        with pytest.raises(DataError, match=r"images are constant at 0\.0"):
            whole_images_in_blocks(constant, 2, config, blocks)


def test_rois_by_others_are_those_of_this_process(
    discs_run: Path, discs: Dataset, blocks: Blocks
) -> None:
    fitted, images = load_method(discs_run), np.concatenate([discs.test.images, discs.val.images])
    found = rois_in_blocks(fitted, images, discs_run, blocks, ())
    assert blocks.folder is not None
    assert len([*blocks.folder.glob("*.npz")]) == 2  # the network takes 32 images at a time
    assert _same(found, roi_features(fitted, ImageSet(images, None, 2, "discs"), discs_run))
    with pytest.raises(DataError, match="this model was fitted on"):
        rois_in_blocks(fitted, images[:, :20], discs_run, blocks, ())


def test_a_killed_call_goes_on_and_damage_is_made_again(tmp_path: Path) -> None:
    done: list[int] = []

    def call(number: int) -> Block:
        done.append(number)
        if number == 2 and len(done) == 3:
            raise KeyboardInterrupt
        return Block(np.full((1, 2), number, np.float32))

    blocks, digests = Blocks(None, tmp_path), [f"{i:032x}" for i in range(4)]
    with pytest.raises(KeyboardInterrupt):
        blocks.worked_through(call, range(4), digests, what="test")
    (tmp_path / f"{digests[0]}.npz").write_bytes(b"PK cut short")
    found = blocks.worked_through(call, range(4), digests, what="test")
    assert done == [0, 1, 2, 0, 2, 3]
    assert [block.found.tolist() for block in found] == [[[i, i]] for i in range(4)]


def test_blocks_are_those_of_their_number_alone() -> None:
    for n in (1, 31, 32, 33, 1000, 1025, 5000):
        places = [i for rows in block_bounds(n) for i in range(n)[rows]]
        assert places == [*range(n)]
        lengths = {rows.stop - rows.start for rows in block_bounds(n)[:-1]}
        assert len(lengths) <= 1
        assert all(length <= 32 for length in lengths)
    assert len(block_bounds(1000)) == 32


def test_jobs_have_many_blocks_each(tmp_path: Path) -> None:
    found = Blocks(None, tmp_path, tasks=3).worked_through(
        _numbered, range(10), [f"{i:032x}" for i in range(10)], what="test"
    )
    assert [block.found[0, 0] for block in found] == [*range(10)]


def _numbered(number: int) -> Block:
    return Block(np.full((1, 1), number, np.float32))


def test_a_block_comes_back_from_its_file(tmp_path: Path) -> None:
    block = Block(np.array([[0.1, np.inf]]))
    write_block(tmp_path / "b.npz", block)
    found = read_block(tmp_path / "b.npz")
    assert found is not None
    np.testing.assert_array_equal(found.found, block.found)
    content = (tmp_path / "b.npz").read_bytes()
    for end in range(0, len(content), 97):
        (tmp_path / "b.npz").write_bytes(content[:end])
        assert read_block(tmp_path / "b.npz") is None


def test_what_else_is_in_the_way_is_refused(tmp_path: Path) -> None:
    folder = progress_folder(tmp_path / "f.csv")
    assert folder == tmp_path / ".f.csv.progress"
    folder.mkdir()
    (folder / f"{1:032x}.npz").touch()
    assert progress_folder(tmp_path / "f.csv") == folder
    remove_progress(folder)
    assert not folder.exists()
    folder.mkdir()
    (folder / "thesis.pdf").touch()
    with pytest.raises(RunError, match="something else is there"):
        progress_folder(tmp_path / "f.csv")


def test_quantiles_of_arrays_are_not_spread(discs: Dataset) -> None:
    config: Config = make_config(overrides={"topology.grid": "quantile"})
    found = ImageSet(discs.val.images, None, 2, "discs")
    with pytest.raises(ConfigError, match="leave --workers, --scheduler and --slurm out"):
        whole_image_features(found, config.topology, Work(Spreading(workers=2)))
    assert len(whole_image_features(found, config.topology, Work()).matrix) == 16
