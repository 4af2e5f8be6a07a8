"""Damaged and hostile data files by the hundred: read, or refused in one line, soon and cheaply."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from oracles.mutants import mutated
from topojax.data import SPLITS

pytestmark = pytest.mark.slow

_MUTANTS_A_SEED = 150
_SECONDS_A_FILE = 5.0
# Arrays as stored, unpacked and as float32, with what checks of them take.
_BYTES_A_BYTE = 40
# A header is parsed as Python, which takes memory of its own.
_BYTES_AT_REST = 1 << 22

_READER = """
import json, sys, time, tracemalloc, warnings
from pathlib import Path
from topojax.data import read_image_set, read_medmnist
from topojax.errors import DataError

warnings.simplefilter("ignore")  # numpy's, on headers of another version

def read(path):
    outcome = "refused"
    for reader in (read_image_set, read_medmnist) if path.suffix == ".npz" else (read_image_set,):
        try:
            reader(path)
            outcome = "read"
        except DataError as error:
            if "\\n" in str(error) or len(str(error)) > 2000:
                return f"not one line: {error}"
        except BaseException as error:
            return f"{type(error).__name__}: {error}"
    return outcome

for path in sorted(Path(sys.argv[1]).glob("seed_*")):
    assert read(path) == "read", path
tracemalloc.start()
for path in sorted(Path(sys.argv[1]).glob("mutant_*")):
    before = tracemalloc.get_traced_memory()[0]
    tracemalloc.reset_peak()
    start = time.perf_counter()
    outcome = read(path)
    seconds = time.perf_counter() - start
    peak = tracemalloc.get_traced_memory()[1] - before
    print(json.dumps([path.name, outcome, seconds, peak, path.stat().st_size]))
"""


def _arrays(shape: tuple[int, ...]) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(3)
    images = {f"{name}_images": rng.integers(0, 256, shape, np.uint8) for name in SPLITS}
    return images | {f"{name}_labels": np.arange(len(shape) + 3) % 2 for name in SPLITS}


def _npz(save: Callable, **arrays: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    save(buffer, **arrays)
    return buffer.getvalue()


def _npy(array: np.ndarray, version: tuple[int, int] | None = None) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array, version)
    return buffer.getvalue()


def _seeds() -> dict[str, bytes]:
    floats = np.random.default_rng(4).random((6, 7, 8), np.float32)
    return {
        "stored.npz": _npz(np.savez, **_arrays((6, 9, 8))),
        "deflated.npz": _npz(np.savez_compressed, **_arrays((7, 5, 6, 8))),
        "volumes.npy": _npy(floats[np.newaxis].repeat(2, 0)),
        "version_2.npy": _npy(floats.astype(np.float64), (2, 0)),
        "fortran.npy": _npy(np.asfortranarray(floats)),
    }


def _mutate(data: bytes, rng: np.random.Generator) -> bytes:
    """Return the data damaged, half of the time where the header is, or under another header."""
    return _other_header(data, rng) if rng.integers(6) == 5 else mutated(data, rng, head=160)


def _other_header(data: bytes, rng: np.random.Generator) -> bytes:
    """Return the data of an npy file under a header that says something else of them."""
    extents = [0, 1, 3, -1, 255, 2**31, 2**63, 10**30, 10**300]
    shape = tuple(int(extents[rng.integers(len(extents))]) for _ in range(rng.integers(0, 6)))
    descr = ["<f4", ">f8", "|u1", "|V0", "|O", "<U0", "<c16", "<M8[s]", "|S9999999"]
    literal = [
        repr({"descr": str(rng.choice(descr)), "fortran_order": False, "shape": shape}),
        repr({"descr": "<f4", "shape": shape}),
        "(" * 3000,
        "{'descr': '<f4', 'fortran_order': False, 'shape': (" + "9" * 5000 + ",)}",
        "\x00" * 60,
    ][rng.choice(5, p=[0.6, 0.1, 0.1, 0.1, 0.1])]
    header = (literal + "\n").encode("latin1")
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + data[80:]


def _mutate_member(data: bytes, rng: np.random.Generator) -> bytes:
    """Return the archive with one array mutated and the checksums right again."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w") as new:
        names = old.namelist()
        chosen = names[rng.integers(len(names))]
        for info in old.infolist():
            content = old.read(info)
            mutated = _mutate(content, rng) if info.filename == chosen else content
            new.writestr(info.filename, mutated, info.compress_type)
    return buffer.getvalue()


def _mutants(data: bytes, rng: np.random.Generator) -> Iterator[bytes]:
    archive = zipfile.is_zipfile(io.BytesIO(data))
    for index in range(_MUTANTS_A_SEED):
        yield _mutate_member(data, rng) if archive and index % 3 else _mutate(data, rng)


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> list:
    """Return (name, outcome, seconds, bytes, size) of every mutant."""
    folder = tmp_path_factory.mktemp("mutants")
    rng = np.random.default_rng(12)
    for name, content in _seeds().items():
        (folder / f"seed_{name}").write_bytes(content)
        for index, mutant in enumerate(_mutants(content, rng)):
            (folder / f"mutant_{index}_{name}").write_bytes(mutant)
    result = subprocess.run(
        [sys.executable, "-c", _READER, str(folder)],
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr[-2000:]
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_mutants_are_read_or_refused_in_one_line(outcomes: list) -> None:
    assert len(outcomes) == len(_seeds()) * _MUTANTS_A_SEED
    strange = [row[:2] for row in outcomes if row[1] not in ("read", "refused")]
    assert not strange
    assert {row[1] for row in outcomes} == {"read", "refused"}


def test_nothing_hangs(outcomes: list) -> None:
    assert max(row[2] for row in outcomes) < _SECONDS_A_FILE


def test_memory_is_bounded_by_the_files_size(outcomes: list) -> None:
    excess = [row for row in outcomes if row[3] > _BYTES_AT_REST + _BYTES_A_BYTE * row[4]]
    assert not excess
