"""Damaged weight files by the hundred: nothing runs, hangs, or costs more than the file's size.

Torch's files of both kinds, npz stored and deflated, and safetensors. What can be read is written
again in both formats that we write.
"""

from __future__ import annotations

import io
import json
import struct
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from oracles.mutants import mutated
from topojax.weights import write_state_dict

pytestmark = pytest.mark.slow
_MUTANTS_A_SEED = 70
_SECONDS_A_FILE = 5.0
# Opcodes, entries of an archive and errors are Python objects: tens of bytes for each byte.
_BYTES_A_BYTE = 30
_BYTES_A_DEFLATED_BYTE = 1100  # deflate's 1032, and the rest
_BYTES_AT_REST = 1 << 16

_READER = """
import json, sys, time, tracemalloc, warnings
from pathlib import Path
# Codecs of pickle and zipfile, and what numpy reads old headers with, imported when first used.
import encodings.cp437, encodings.raw_unicode_escape, encodings.unicode_escape, tokenize
from topojax.errors import WeightsError
from topojax.weights import read_state_dict, write_state_dict

LIMITS = ("/sys/fs/cgroup/", "/proc/self/statm")
folder, events, current = Path(sys.argv[1]), [], [None]
warnings.simplefilter("ignore")  # numpy's, on headers of Python 2

def record(event, arguments):
    if current[0] is None:
        return
    # The container's limit of memory is looked at as well, before room is made for anything.
    reads = event == "open" and "w" not in str(arguments[1]) and (
        str(arguments[0]) == current[0] or str(arguments[0]).startswith(LIMITS)
    )
    # ast.literal_eval parses a header; what it parses is not run, which would be an exec.
    parses = event == "compile" and current[0].endswith(".npz")
    # Python tells of id(), by which our own code knows dicts that it has seen.
    if not reads and not parses and event != "builtins.id":
        events.append([Path(current[0]).name, event, str(arguments)[:200]])

def attempt(function):
    try:
        return "read", function()
    except WeightsError as error:
        return ("refused" if str(error).isprintable() else f"unprintable: {error!a}"), {}
    except BaseException as error:
        return f"{type(error).__name__}: {error}", {}

def write(arrays):
    for suffix in ("npz", "safetensors"):
        copy = folder / f"copy.{suffix}"
        write_state_dict(copy, arrays)
        found = read_state_dict(copy)
        assert found.keys() == arrays.keys() or not arrays, (found.keys(), arrays.keys())

for path in sorted(folder.glob("seed_*")):
    assert attempt(lambda: read_state_dict(path))[0] in ("read", "refused"), path
sys.addaudithook(record)
tracemalloc.start()
for path in sorted(folder.glob("mutant_*")):
    path.stat()
    before = tracemalloc.get_traced_memory()[0]
    tracemalloc.reset_peak()
    start = time.perf_counter()
    current[0] = str(path)
    outcome, arrays = attempt(lambda: read_state_dict(path))
    current[0] = None
    seconds = time.perf_counter() - start
    peak = tracemalloc.get_traced_memory()[1] - before
    written = attempt(lambda: write(arrays))[0] if outcome == "read" else "read"
    print(json.dumps([path.name, outcome, seconds, peak, path.stat().st_size, written]))
current[0] = "control"
eval("1")
assert len(events) > 0, "the hook is deaf"
print(json.dumps([event for event in events if event[0] != "control"]))
"""


def _mutate_members(data: bytes, rng: np.random.Generator) -> bytes:
    """Return the archive with its pickle or an array mutated and the checksums right again."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w") as new:
        told = [info for info in old.infolist() if info.filename.endswith((".pkl", ".npy"))]
        chosen = told[int(rng.integers(len(told)))]
        for info in old.infolist():
            content = old.read(info)
            # A header is what matters of an array.
            head = content[:160] if info.filename.endswith(".npy") else content
            if info is chosen:
                content = mutated(head, rng) + content[len(head) :]
            new.writestr(info.filename, content, info.compress_type)
    return buffer.getvalue()


def _mutate_header(data: bytes, rng: np.random.Generator) -> bytes:
    """Return the safetensors file with its header mutated and the header's length right again."""
    (length,) = struct.unpack("<Q", data[:8])
    header = mutated(data[8 : 8 + length], rng)
    return struct.pack("<Q", len(header)) + header + data[8 + length :]


def _mutants(path: Path, rng: np.random.Generator) -> Iterator[bytes]:
    data = path.read_bytes()
    for index in range(_MUTANTS_A_SEED):
        if index % 3 and path.suffix == ".safetensors":
            yield _mutate_header(data, rng)
        elif index % 3 and zipfile.is_zipfile(io.BytesIO(data)):
            yield _mutate_members(data, rng)
        else:
            yield mutated(data, rng)


def _write_other_formats(folder: Path, rng: np.random.Generator) -> None:
    arrays = {
        "module.conv.weight": rng.standard_normal((4, 3, 3, 3)).astype(np.float32),
        "module.half": rng.standard_normal((5, 2)).astype(np.float16),
        "module.count": np.array(31),
        "module.empty": np.zeros((0, 4)),
    }
    np.savez(folder / "seed_stored.npz", **arrays)
    np.savez_compressed(folder / "seed_deflated.npz", **arrays)
    write_state_dict(folder / "seed_plain.safetensors", arrays)


@pytest.fixture(scope="module")
def outcomes(
    made_torch_files: Path, shared_or_none: Path | None, tmp_path_factory: pytest.TempPathFactory
) -> tuple[list, list]:
    """Return a row for every mutant, and what the hook saw.

    A row: name, outcome of reading, seconds, bytes, the file's bytes, outcome of writing.
    """
    folder = tmp_path_factory.mktemp("mutants")
    rng = np.random.default_rng(11)
    folders = [
        made_torch_files,
        *([shared_or_none / "golden/torch_files"] if shared_or_none else []),
    ]
    for number, source in enumerate(folders):
        for file in sorted(source.glob("*.pth")):
            (folder / f"seed_{number}_{file.name}").write_bytes(file.read_bytes())
    _write_other_formats(folder, rng)
    for seed in sorted(folder.glob("seed_*")):
        for index, mutant in enumerate(_mutants(seed, rng)):
            (folder / f"mutant_{index}_{seed.name}").write_bytes(mutant)
    result = subprocess.run(
        [sys.executable, "-c", _READER, str(folder)],
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr[-2000:]
    *rows, events = [json.loads(line) for line in result.stdout.splitlines()]
    return rows, events


@pytest.mark.parametrize("suffix", [".pth", "stored.npz", "deflated.npz", ".safetensors"])
def test_mutants_give_arrays_or_weights_errors(outcomes, suffix):
    rows = [row for row in outcomes[0] if row[0].endswith(suffix)]
    assert len(rows) >= _MUTANTS_A_SEED
    assert {row[1] for row in rows} == {"read", "refused"}
    assert {row[5] for row in rows} <= {"read", "refused"}


def test_nothing_runs(outcomes):
    _, events = outcomes
    assert events == []


def test_nothing_hangs(outcomes):
    rows, _ = outcomes
    assert max(row[2] for row in rows) < _SECONDS_A_FILE


def test_memory_is_bounded_by_the_files_size(outcomes):
    rows, _ = outcomes
    for name, _, _, peak, size, _ in rows:
        fold = _BYTES_A_DEFLATED_BYTE if "deflated" in name else _BYTES_A_BYTE
        assert peak <= _BYTES_AT_REST + fold * size, name
