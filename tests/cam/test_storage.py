"""Maps in memory, in a nameless file and in a folder are the same bits, also after a kill."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from flax import nnx

from topojax.cam import CamStack, batches, compute_cams
from topojax.cam.storage import ArraySpec, CamArrays, open_storage
from topojax.config import CamConfig
from topojax.errors import RunError
from topojax.models import Backbone

IN_MEMORY, IN_FILES = CamConfig(batch_size=2), CamConfig(batch_size=2, memory_mb=0)
N_BATCHES = 5
ARRAYS = ("maps", "logits", "embeddings")

_KILLED = """
import os, pathlib, signal, sys
import numpy as np
from topojax.cam.storage import ArraySpec, CamArrays, open_storage

expected = CamArrays(
    ArraySpec((6, 4), np.dtype(np.uint8)), *[ArraySpec((6, 2), np.dtype(np.float32))] * 2
)
with open_storage(expected, pathlib.Path(sys.argv[1]), 0, lambda: "digest") as storage:
    for start in (0, 2):
        storage.append(CamArrays(*(np.full((2, *s.shape[1:]), start, s.dtype) for s in expected)))
    torn = {"maps.npy": bytes(5), "logits.npy": bytes(8), "batches.jsonl": b"{"}
    for name, content in torn.items():
        with open(f"{sys.argv[1]}/{name}", "ab") as file:
            file.write(content)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(scope="module")
def model(tiny_network) -> Backbone:
    return tiny_network(2)


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return np.random.default_rng(8).standard_normal((9, 6, 7, 1)).astype(np.float32)


@pytest.fixture(scope="module")
def whole(model, images) -> CamStack:
    return compute_cams(model, images, IN_MEMORY)


@pytest.fixture
def computed(monkeypatch) -> list[int]:
    """Return the sizes of the batches that pass the network, as they do."""
    sizes: list[int] = []
    original = batches._host_cams

    def counted(*arguments):
        sizes.append(arguments[-1].n_rows)
        return original(*arguments)

    monkeypatch.setattr(batches, "_host_cams", counted)
    return sizes


@pytest.fixture
def interrupted(monkeypatch, model, images) -> Callable[[Path, int], None]:
    """Return what writes into a folder until the batches break off."""

    def write(folder: Path, n_batches: int) -> None:
        original = batches._batches

        def broken(*arguments) -> Iterator:
            for number, batch in enumerate(original(*arguments)):
                if number > n_batches:
                    raise KeyboardInterrupt
                yield batch
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(batches, "_batches", broken)
            with pytest.raises(KeyboardInterrupt):
                compute_cams(model, images, IN_FILES, folder=folder)

    return write


def assert_equal(found: CamStack, expected: CamStack) -> None:
    for name in ARRAYS:
        array = getattr(found, name)
        np.testing.assert_array_equal(array, getattr(expected, name))
        assert array.dtype == getattr(expected, name).dtype
    assert found.layers == expected.layers


def test_maps_within_the_budget_stay_in_memory(model, images, whole, tmp_path):
    stack = compute_cams(
        model, images, CamConfig(batch_size=2, memory_mb=1), folder=tmp_path / "cams"
    )
    assert type(stack.maps) is np.ndarray
    assert not (tmp_path / "cams").exists()
    assert_equal(stack, whole)


def test_maps_beyond_it_go_to_a_file_that_leaves_nothing(
    model, images, whole, tmp_path, monkeypatch
):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    stack = compute_cams(model, images, IN_FILES)
    assert isinstance(stack.maps, np.memmap)
    if sys.platform != "win32":
        assert not list(tmp_path.iterdir())
    assert_equal(stack, whole)


def test_a_folder_keeps_them_and_is_read_again(model, images, whole, tmp_path, computed):
    for _ in range(2):
        stack = compute_cams(model, images, IN_FILES, folder=tmp_path / "a" / "b")
        assert isinstance(stack.maps, np.memmap)
        assert not stack.maps.flags.writeable
        assert_equal(stack, whole)
        assert computed == [2, 2, 2, 2, 1]
    for name in ARRAYS:
        kept = np.load(tmp_path / "a" / "b" / f"{name}.npy")
        np.testing.assert_array_equal(kept, getattr(whole, name))


@pytest.mark.parametrize("n_batches", range(1, N_BATCHES))
def test_an_interrupted_run_goes_on_to_the_same_bits(
    model, images, whole, tmp_path, interrupted, computed, n_batches
):
    interrupted(tmp_path, n_batches)
    computed.clear()
    stack = compute_cams(model, images, IN_FILES, folder=tmp_path)
    assert len(computed) == N_BATCHES - n_batches
    assert_equal(stack, whole)


@pytest.mark.parametrize("name", ARRAYS)
@pytest.mark.parametrize("damage", ["changed", "lost", "absent"])
def test_damaged_rows_are_made_again(
    model, images, whole, tmp_path, interrupted, computed, name, damage
):
    interrupted(tmp_path, 3)
    path = tmp_path / f"{name}.npy"
    content = bytearray(path.read_bytes())
    row_bytes = getattr(whole, name)[0].nbytes
    # In the third of the batches that are there.
    place = len(content) - row_bytes
    if damage == "absent":
        path.unlink()
    elif damage == "lost":
        path.write_bytes(content[:place])
    else:
        content[place] ^= 1
        path.write_bytes(content)
    computed.clear()
    stack = compute_cams(model, images, IN_FILES, folder=tmp_path)
    assert len(computed) == N_BATCHES - (0 if damage == "absent" else 2)
    assert_equal(stack, whole)


def _other_weights(model: Backbone) -> Backbone:
    copy = nnx.merge(*nnx.split(model), copy=True)
    copy.fc.bias[...] = copy.fc.bias[...].at[1].add(1e-6)
    return copy


@pytest.mark.parametrize(
    "change",
    [
        lambda model, images: ((_other_weights(model), images), {}),
        lambda model, images: ((model, images * np.float32(1 + 1e-7)), {}),
        lambda model, images: ((model, images[:8]), {}),
        lambda model, images: ((model, images), {"layers": ("block2", "block1")}),
        lambda model, images: ((model, images), {"layers": ("block1",)}),
        lambda model, images: ((model, images), {"method": "gradcam++"}),
        lambda model, images: ((model, images), {"batch_size": 4}),
    ],
    ids=["weights", "images", "fewer", "order", "layers", "method", "batch size"],
)
def test_anything_else_starts_anew_and_spares_maps_in_use(
    model, images, whole, tmp_path, computed, change
):
    first = compute_cams(model, images, IN_FILES, folder=tmp_path)
    computed.clear()
    inputs, options = change(model, images)
    in_files = IN_FILES.model_copy(update=options)
    stack = compute_cams(*inputs, in_files, folder=tmp_path)
    assert sum(computed) == len(inputs[1])
    assert_equal(stack, compute_cams(*inputs, IN_MEMORY.model_copy(update=options)))
    assert_equal(first, whole)


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_what_a_kill_leaves_half_written_is_not_believed(tmp_path):
    command = [sys.executable, "-c", _KILLED, str(tmp_path)]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    expected = CamArrays(
        ArraySpec((6, 4), np.dtype(np.uint8)), *[ArraySpec((6, 2), np.dtype(np.float32))] * 2
    )
    with open_storage(expected, tmp_path, 0, lambda: "digest") as storage:
        assert storage.n_rows_done == 4
        storage.append(CamArrays(*(np.full((2, *s.shape[1:]), 4, s.dtype) for s in expected)))
        arrays = storage.finish()
    for array in arrays:
        assert array[:, 0].tolist() == [0, 0, 2, 2, 4, 4]


def test_a_place_that_cannot_be_written_is_named(model, images, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(RunError, match=r"MB of maps cannot be kept in .*file.*memory_mb=0"):
        compute_cams(model, images, IN_FILES, folder=tmp_path / "file")
