"""Damaged torch files by the hundred: nothing runs, hangs, or costs more than the file's size."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

_MUTANTS_A_SEED = 70
_SECONDS_A_FILE = 5.0
# Opcodes, entries of an archive and errors are Python objects: tens of bytes for each byte.
_BYTES_A_BYTE = 30
_BYTES_AT_REST = 1 << 16
_EXTREMES = (0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 2**31 - 1, 2**31, 2**32 - 1, 2**40, 2**62, 2**64 - 1)

_READER = """
import json, sys, time, tracemalloc
from pathlib import Path
# Codecs of pickle and zipfile, imported when first used.
import encodings.cp437, encodings.raw_unicode_escape, encodings.unicode_escape
from topojax.errors import WeightsError
from topojax.weights import read_torch_file

folder, events, current = Path(sys.argv[1]), [], [None]

def record(event, arguments):
    if current[0] is None:
        return
    reads = event == "open" and str(arguments[0]) == current[0] and "w" not in str(arguments[1])
    if not reads:
        events.append([Path(current[0]).name, event, str(arguments)[:200]])

def read(path):
    try:
        arrays = read_torch_file(path)
    except WeightsError:
        return "refused"
    except BaseException as error:
        return f"{type(error).__name__}: {error}"
    return "read" if all(a.nbytes >= 0 for a in arrays.values()) else "no arrays"

for path in sorted(folder.glob("seed_*")):
    assert read(path) in ("read", "refused"), path
sys.addaudithook(record)
tracemalloc.start()
for path in sorted(folder.glob("mutant_*")):
    path.stat()
    before = tracemalloc.get_traced_memory()[0]
    tracemalloc.reset_peak()
    start = time.perf_counter()
    current[0] = str(path)
    outcome = read(path)
    current[0] = None
    seconds = time.perf_counter() - start
    peak = tracemalloc.get_traced_memory()[1] - before
    print(json.dumps([path.name, outcome, seconds, peak, path.stat().st_size]))
current[0] = "control"
eval("1")
assert len(events) > 0, "the hook is deaf"
print(json.dumps([event for event in events if event[0] != "control"]))
"""


def _mutate(data: bytes, rng: np.random.Generator) -> bytes:
    """Return the data with bytes changed, cut off, put in, or a length field replaced."""
    changed = bytearray(data)
    kind = rng.integers(5)
    where = int(rng.integers(len(data)))
    if kind == 0:
        for position in rng.integers(len(data), size=rng.integers(1, 9)):
            changed[position] = rng.integers(256)
    elif kind == 1:
        changed[where] ^= 1 << int(rng.integers(8))
    elif kind == 2:
        del changed[where:]
    elif kind == 3:
        changed[where:where] = rng.bytes(int(rng.integers(1, 65)))
    else:
        width = int(rng.choice([1, 2, 4, 8]))
        value = int(rng.choice(np.array(_EXTREMES, np.uint64))) % 256**width
        fields = [
            i
            for i in range(len(data) - width)
            if 0 < int.from_bytes(data[i : i + width], "little") <= len(data)
        ]
        start = int(rng.choice(fields or [where]))
        changed[start : start + width] = value.to_bytes(width, "little")
    return bytes(changed)


def _mutate_pickle(data: bytes, rng: np.random.Generator) -> bytes:
    """Return the archive with its pickle mutated and the checksums right again."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, _mutate(content, rng) if name.endswith(".pkl") else content)
    return buffer.getvalue()


def _mutants(data: bytes, rng: np.random.Generator) -> Iterator[bytes]:
    archive = zipfile.is_zipfile(io.BytesIO(data))
    for index in range(_MUTANTS_A_SEED):
        yield _mutate_pickle(data, rng) if archive and index % 3 else _mutate(data, rng)


@pytest.fixture(scope="module")
def outcomes(
    made_torch_files: Path, shared_or_none: Path | None, tmp_path_factory: pytest.TempPathFactory
) -> tuple[list, list]:
    """Return (name, outcome, seconds, bytes, size) of every mutant, and what the hook saw."""
    folder = tmp_path_factory.mktemp("mutants")
    rng = np.random.default_rng(11)
    folders = [
        made_torch_files,
        *([shared_or_none / "golden/torch_files"] if shared_or_none else []),
    ]
    for number, source in enumerate(folders):
        for file in sorted(source.glob("*.pth")):
            (folder / f"seed_{number}_{file.name}").write_bytes(file.read_bytes())
    for seed in sorted(folder.glob("seed_*")):
        for index, mutant in enumerate(_mutants(seed.read_bytes(), rng)):
            (folder / f"mutant_{index}_{seed.name}").write_bytes(mutant)
    result = subprocess.run(
        [sys.executable, "-c", _READER, str(folder)],
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr[-2000:]
    *rows, events = [json.loads(line) for line in result.stdout.splitlines()]
    return rows, events


def test_mutants_give_arrays_or_weights_errors(outcomes):
    rows, _ = outcomes
    assert len(rows) >= 5 * _MUTANTS_A_SEED
    strange = [row for row in rows if row[1] not in ("read", "refused")]
    assert not strange
    assert {row[1] for row in rows} == {"read", "refused"}


def test_nothing_runs(outcomes):
    _, events = outcomes
    assert events == []


def test_nothing_hangs(outcomes):
    rows, _ = outcomes
    assert max(seconds for _, _, seconds, _, _ in rows) < _SECONDS_A_FILE


def test_memory_is_bounded_by_the_files_size(outcomes):
    rows, _ = outcomes
    excess = [row for row in rows if row[3] > _BYTES_AT_REST + _BYTES_A_BYTE * row[4]]
    assert not excess
